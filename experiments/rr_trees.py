"""Gradient-boosted trees on features of rhythm, beats, atrial activity and signal quality.

    ecglab train rr_trees

Idea: several of the challenge's best entries were trees on RR intervals and shapes of beats. They
see a record through what a cardiologist would measure, a different view than a network's.
Expected: mean F1 over N, A, O of about 0.80.
Got: not run in full yet.
"""

from ecglab.trees import Trees

experiment = Trees()
