"""A CNN on the log spectrogram: blocks of four convolutions, pooled over time.

    ecglab train spectrogram_cnn

Idea: as `spectrogram_crnn`, with a fourth block in place of the LSTM.

Expected: a challenge F1 of about 0.80 (doi:10.22489/CinC.2017.070-060 has 0.790 with a wider
network).

Result: better than expected, and as good as `spectrogram_crnn`: the LSTM adds nothing that pooling
by mean and maximum does not find. Dropout after every convolution does the same harm as there.
Scores and the study of dropout: experiments/README.md.
"""

from ecglab.training.network import Network

experiment = Network(model="spectrogram_cnn", epochs=40, batch_size=32)
