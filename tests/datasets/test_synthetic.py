"""The synthetic ECGs: the model against an ODE solver, the rhythms against what defines them."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.signal import butter, detrend, sosfiltfilt
from scipy.stats import fisher_exact, ks_2samp

from ecglab.datasets import dataset, rhythms, simulator, synthetic
from ecglab.ecg.record import Record
from ecglab.utils import files
from ecglab.utils.errors import EcglabError

FS = 300
CLASSES = synthetic.SPEC.classes.codes


def made(make, n=20, seconds=30.0):
    """`n` rhythms of a kind with their patients, seeded."""
    for seed in range(n):
        rng = np.random.default_rng([99, seed])
        patient = rhythms.Patient.drawn(rng)
        yield patient, make(patient, rhythms.LEAD_IN + seconds, FS, rng), rng


def rr_of(rhythm, seconds=30.0):
    """RR intervals in the record itself."""
    r = rhythm.r
    return np.diff(r[(r > rhythms.LEAD_IN) & (r < rhythms.LEAD_IN + seconds)])


def variation(make):
    """Coefficient of variation of RR of each rhythm."""
    return np.array([rr_of(rhythm).std() / rr_of(rhythm).mean() for _, rhythm, _ in made(make)])


def rates(make):
    """Mean rate of each rhythm, beats a minute."""
    return np.array([60 / rr_of(rhythm).mean() for _, rhythm, _ in made(make)])


def is_upright(signal):
    """Whether the QRS complexes of a signal point up."""
    qrs = sosfiltfilt(butter(2, [5, 25], "band", fs=FS, output="sos"), signal)
    return np.percentile(qrs, 99.5) > -np.percentile(qrs, 0.5)


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    """The data set of 300 records."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ECGLAB_DATA", str(tmp_path_factory.mktemp("data")))
        dataset.make_synthetic(300, seed=7)
        return dataset.open("synthetic")


def test_model_is_the_papers_three_equations():
    """The paper's own x, y, z and table I by Runge-Kutta, at 60 beats a minute."""
    angle = np.array([-np.pi / 3, -np.pi / 12, 0, np.pi / 12, np.pi / 2])
    a, b = np.array([1.2, -5, 30, -7.5, 0.75]), np.array([0.25, 0.1, 0.1, 0.1, 0.4])
    omega = 2 * np.pi
    r_height = 30 * 0.1**2 / omega

    def baseline(t):
        return 0.15 * np.sin(2 * np.pi * 0.25 * t)

    def slope(t, state):
        x, y, z = state
        alpha = 1 - np.hypot(x, y)
        away = (np.arctan2(y, x) - angle + np.pi) % (2 * np.pi) - np.pi
        push = -(a * away * np.exp(-(away**2) / (2 * b**2))).sum()
        return alpha * x - omega * y, alpha * y + omega * x, push - (z - baseline(t))

    t = np.arange(5 * FS) / FS
    r = np.arange(-1.5, 8)
    beats = [simulator.TABLE_1] * r.size
    z = r_height * simulator.ecg(r, beats, t.size, FS, baseline(t) / r_height)
    start = [-1, 0, z[0]]  # half a turn before the R peak
    solved = solve_ivp(slope, (0, t[-1]), start, t_eval=t, max_step=0.005, rtol=1e-8, atol=1e-10)
    assert np.abs(z - solved.y[2]).max() < 2e-4 * r_height
    assert np.ptp(z) > r_height


@pytest.mark.parametrize("fs", [100, 300, 500])
def test_irregular_rhythm_solves_its_equation(fs):
    rng = np.random.default_rng(3)
    r = np.cumsum(rng.uniform(0.4, 1.2, 12)) - 0.5
    beat = simulator.TABLE_1.changed(simulator.P, height=0).changed(simulator.T, height=0)
    t = np.arange(int(4 * fs)) / fs
    z = simulator.ecg(r, [beat] * r.size, t.size, fs)

    def slope(t, z):
        dt = t - (r[:, None] + beat.at)
        bump = beat.height * np.exp(-(dt**2) / (2 * beat.width**2))
        return -(dt / beat.width**2 * bump).sum() - z

    solved = solve_ivp(slope, (0, t[-1]), z[:1], t_eval=t, max_step=0.005, rtol=1e-8, atol=1e-10)
    assert np.abs(z - solved.y[0]).max() < 1e-3


def test_random_process_has_its_spectrum():
    rng = np.random.default_rng(0)
    noise = simulator.random_process(simulator.band(20, 40), 100 * FS, FS, rng)
    power = np.abs(np.fft.rfft(noise)) ** 2
    frequency = np.fft.rfftfreq(noise.size, 1 / FS)
    assert noise.std() == pytest.approx(1, rel=0.02)
    assert power[(frequency > 19.5) & (frequency < 40.5)].sum() > 0.99 * power.sum()


@pytest.mark.parametrize("label", CLASSES)
def test_same_seed_same_bytes(label):
    def made(seed):
        return synthetic.simulate(label, 10, np.random.default_rng(seed)).tobytes()

    assert made(5) == made(5)
    assert made(5) != made(6)


@pytest.mark.parametrize("label", CLASSES)
@pytest.mark.parametrize("fs", [60, 250.7, 300, 500])
def test_any_rate_and_length(label, fs):
    for seed in range(6):
        seconds = (5, 9.123, 61)[seed % 3]
        signal = synthetic.simulate(label, seconds, np.random.default_rng(seed), fs)
        assert signal.dtype == np.float32 and signal.shape == (round(seconds * fs),)
        assert np.isfinite(signal).all()
        Record(signal, fs)  # raises for what cannot be judged


@pytest.mark.parametrize(
    ("label", "seconds", "fs"), [("X", 30, 300), ("N", 1, 300), ("N", np.nan, 300), ("N", 30, 10)]
)
def test_refuses_what_it_cannot_simulate(label, seconds, fs):
    with pytest.raises(EcglabError):
        synthetic.simulate(label, seconds, np.random.default_rng(0), fs)


@pytest.mark.parametrize("make", [m for table in synthetic.RHYTHMS.values() for m in table])
def test_beats_cover_the_record(make):
    for patient, rhythm, rng in made(make, n=30, seconds=9):
        assert rhythm.r[0] < rhythms.LEAD_IN and rhythm.r[-1] > rhythms.LEAD_IN + 9
        assert np.diff(rhythm.r).min() > 0.2
        assert len(rhythm.beats) == rhythm.r.size
        assert rhythms.clean_ecg(rhythm, patient, 1.0, 9, FS, rng).shape == (9 * FS,)


def test_rates_of_the_rhythms():
    assert np.all(np.abs(rates(rhythms.sinus_rhythm) - 75) <= 25)
    assert np.all(np.abs(rates(rhythms.bundle_branch_block) - 75) <= 25)
    assert np.all(rates(rhythms.sinus_bradycardia) < 50)
    assert np.all(rates(rhythms.sinus_tachycardia) > 100)
    fibrillation = rates(rhythms.atrial_fibrillation)
    assert fibrillation.min() > 55 and fibrillation.max() < 170 and np.ptp(fibrillation) > 40


def test_only_fibrillation_is_irregularly_irregular():
    sinus, fibrillation = (
        variation(rhythms.sinus_rhythm),
        variation(rhythms.atrial_fibrillation),
    )
    assert sinus.max() < 0.1 < fibrillation.min()
    assert variation(rhythms.atrial_flutter).max() < 0.03
    echo = []  # one interval says nothing of the next
    for _, rhythm, _ in made(rhythms.atrial_fibrillation):
        rr = rr_of(rhythm)
        echo.append(np.corrcoef(rr[:-1], rr[1:])[0, 1])
    assert abs(np.mean(echo)) < 0.1


def test_sinus_rhythm_follows_breathing_and_mayer_waves():
    rng = np.random.default_rng(1)
    rr = simulator.sinus_rr(60, 0.05, 0.25, 600, rng)
    times = np.arange(0, 600, 0.25)
    power = np.abs(np.fft.rfft(detrend(np.interp(times, np.cumsum(rr), rr)))) ** 2
    f = np.fft.rfftfreq(times.size, 0.25)
    lf, hf = power[(f > 0.06) & (f < 0.14)].sum(), power[(f > 0.21) & (f < 0.29)].sum()
    assert rr.std() / rr.mean() == pytest.approx(0.05, rel=0.1)
    assert lf + hf > 0.9 * power[f < 0.4].sum()
    assert 0.1 < lf / hf < 2.5


def test_fibrillatory_waves_fill_the_tq_interval():
    tq = {}
    for make in (rhythms.sinus_rhythm, rhythms.atrial_fibrillation):
        tq[make] = []
        for patient, rhythm, rng in made(make, n=30):
            signal = rhythms.clean_ecg(rhythm, patient, 0.8, 30, FS, rng)
            at = np.rint((rhythm.r - rhythms.LEAD_IN) * FS).astype(int)
            for start, end in zip(at[:-1] + 156, at[1:] - 78, strict=True):
                if start >= 0 and end <= signal.size and end - start > 45:
                    tq[make].append(detrend(signal[start:end]).std())
    quiet, fibrillating = (np.median(values) for values in tq.values())
    assert fibrillating > 5 * quiet


@pytest.mark.parametrize(
    ("make", "low", "high"),
    [(rhythms.atrial_fibrillation, 4, 9), (rhythms.atrial_flutter, 4.4, 5.6)],
)
def test_frequency_and_height_of_atrial_waves(make, low, high):
    for _, rhythm, _ in made(make):
        power = np.abs(np.fft.rfft(rhythm.atria)) ** 2
        frequency = np.fft.rfftfreq(rhythm.atria.size, 1 / FS)
        assert low < frequency[power.argmax()] < high
        assert 0.02 < np.ptp(rhythm.atria) < 0.35


def test_flutter_conducts_every_second_to_fourth_wave():
    ratios = set()
    for _, rhythm, _ in made(rhythms.atrial_flutter):
        power = np.abs(np.fft.rfft(rhythm.atria)) ** 2
        hz = np.fft.rfftfreq(rhythm.atria.size, 1 / FS)[power.argmax()]
        ratio = rr_of(rhythm).mean() * hz
        assert ratio == pytest.approx(round(ratio), abs=0.05)
        ratios.add(round(ratio))
    assert ratios == {2, 3, 4}


def test_a_p_wave_precedes_the_qrs_but_not_in_fibrillation():
    def p_wave(make):
        """Height of the P wave in the average beat of each record, over that of its R wave."""
        heights = []
        for patient, rhythm, rng in made(make):
            signal = rhythms.clean_ecg(rhythm, patient, 1.0, 30, FS, rng)
            at = np.rint((rhythm.r - rhythms.LEAD_IN) * FS).astype(int)
            at = at[(at > 100) & (at < signal.size - 100)]
            mean = np.mean([signal[i - 70 : i + 30] for i in at], axis=0)
            # Over the line from its foot to the start of the QRS.
            p, foot = mean[15:45], np.linspace(mean[3:6].mean(), mean[53:56].mean(), 30)
            heights.append((p - foot).max() / mean.max())
        return np.array(heights)

    sinus, fibrillation = p_wave(rhythms.sinus_rhythm), p_wave(rhythms.atrial_fibrillation)
    assert sinus.min() > 0.06
    assert np.median(fibrillation) < 0.25 * np.median(sinus)


def test_normal_beat_has_normal_durations():
    for patient, *_ in made(rhythms.sinus_rhythm, n=50):
        heart = patient.heart
        onset, end = heart.at - 2 * heart.width, heart.at + 2 * heart.width
        assert 0.07 < end[simulator.S] - onset[simulator.Q] < 0.11
        assert 0.10 < onset[simulator.Q] - onset[simulator.P] < 0.22
        assert 0.34 < end[simulator.T] - onset[simulator.Q] < 0.48
        assert heart.height.argmax() == simulator.R


def test_qt_shortens_with_the_rate():
    def t_peak(rr):
        r = np.arange(-3, 6, rr)
        z = simulator.ecg(r, [simulator.TABLE_1] * r.size, 2 * FS, FS)
        at = int(r[r > 0][0] * FS)
        return (z[at + int(0.1 * FS) : at + int(0.4 * FS)].argmax() + int(0.1 * FS)) / FS

    assert t_peak(1.0) == pytest.approx(0.25, abs=0.01)
    assert t_peak(0.64) == pytest.approx(0.2, abs=0.01)


PREMATURE = [rhythms.premature_atrial, rhythms.premature_ventricular]


@pytest.mark.parametrize("make", PREMATURE)
@pytest.mark.parametrize("seconds", [5, 9, 30])
def test_a_premature_beat_is_in_every_record(make, seconds):
    for patient, rhythm, _ in made(make, n=40, seconds=seconds):
        early = np.array([beat is not patient.heart for beat in rhythm.beats])
        in_record = (rhythm.r > rhythms.LEAD_IN) & (rhythm.r < rhythms.LEAD_IN + seconds)
        assert (early & in_record).any()


def test_premature_beats_come_early_and_only_ventricular_ones_pause_in_full():
    interval = {}  # from the beat before to the beat after a single premature one, in sinus RR
    for make in PREMATURE:
        interval[make] = []
        for patient, rhythm, _ in made(make, n=60):
            early = np.array([beat is not patient.heart for beat in rhythm.beats])
            rr = np.diff(rhythm.r)
            sinus = rr[~early[:-1] & ~early[1:]]
            if sinus.size < 5:  # bigeminy leaves no plain interval to compare with
                continue
            coupling = rr[early[1:]] / np.median(sinus)
            assert coupling.min() > 0.4 and coupling.max() < 0.95
            single = np.flatnonzero(~early[:-2] & early[1:-1] & ~early[2:])
            interval[make].extend((rr[single] + rr[single + 1]) / np.median(sinus))
    atrial, ventricular = (np.mean(interval[make]) for make in PREMATURE)
    assert ventricular == pytest.approx(2, abs=0.03)
    assert atrial < 1.9


def test_ventricular_beats_are_wide_and_have_no_p_wave():
    for patient, rhythm, _ in made(rhythms.premature_ventricular):
        ectopic = next(beat for beat in rhythm.beats if beat is not patient.heart)
        assert ectopic.height[simulator.P] == 0
        assert ectopic.width[simulator.R] > 2 * patient.heart.width[simulator.R]
        assert ectopic.height[simulator.T] * ectopic.height[simulator.R] < 0


def test_noise_drowns_the_qrs_most_of_the_time():
    sos = butter(2, [5, 25], "band", fs=FS, output="sos")

    def power(signal):
        """Power of each second in the band of the QRS, which no filter can take off."""
        return (sosfiltfilt(sos, signal).reshape(30, FS) ** 2).mean(axis=1)

    for patient, rhythm, rng in made(rhythms.sinus_rhythm, n=40):
        clean = rhythms.clean_ecg(rhythm, patient, 0.8, 30, FS, rng)
        drowned = power(synthetic._drowned(clean, 0.8, FS, rng) - clean)
        assert np.mean(drowned > 0.5 * power(clean).mean()) > 0.8
        mild = power(synthetic._mildly_noisy(clean, 0.8, FS, rng) - clean)
        assert np.mean(mild < 0.1 * power(clean).mean()) > 0.4


def test_data_set_round_trip(packed):
    assert (packed.name, packed.simulated, packed.label_version) == ("synthetic", True, "labels")
    assert len(packed) == packed.spec.n_records == 300
    assert packed.counts() == {"N": 120, "A": 60, "O": 75, "~": 45}
    assert packed.ids[0] == "S00001" and packed.ids[-1] == "S00300"
    assert packed.lengths.min() >= 9 * FS and packed.lengths.max() <= 61 * FS
    assert np.median(packed.lengths) == 30 * FS
    for i in range(len(packed)):
        assert np.nanmax(np.abs(packed.record(i).signal)) > 0.2
    packed.check()


def test_two_classes_are_of_the_same_records(tmp_path, monkeypatch, packed):
    monkeypatch.setenv("ECGLAB_DATA", str(tmp_path))
    dataset.make_synthetic(40, seed=7, name="synthetic_af")
    two = dataset.open("synthetic_af")
    assert list(two.classes) == list(two.classes.ranked) == ["AF", "other"]
    assert two.simulated
    assert two.sha256.tolist() == packed.sha256[:40].tolist()
    assert ((two.labels == "AF") == (packed.labels[:40] == "A")).all()


def test_n_a_and_o_differ_by_their_rhythm_alone(packed):
    signals = [packed.signal(i) for i in range(len(packed))]
    upright = np.array([is_upright(signal) for signal in signals])
    height = np.array([np.percentile(np.abs(signal), 99) for signal in signals])
    assert 0.6 < upright.mean() < 0.95
    of = {label: packed.labels == label for label in "NAO"}
    for one, other in ("NA", "NO", "AO"):
        one, other = of[one], of[other]
        turned = [[upright[rows].sum(), (~upright[rows]).sum()] for rows in (one, other)]
        assert fisher_exact(turned).pvalue > 0.01
        assert ks_2samp(packed.lengths[one], packed.lengths[other]).pvalue > 0.01
        assert ks_2samp(height[one], height[other]).pvalue > 0.01


def test_data_set_is_deterministic_and_grows_at_the_end(tmp_path, monkeypatch, packed):
    monkeypatch.setenv("ECGLAB_DATA", str(tmp_path))
    first = dataset.make_synthetic(8, seed=7).read_bytes()
    assert dataset.make_synthetic(8, seed=7).read_bytes() == first
    small = dataset.open("synthetic")
    assert list(small.sha256) == list(packed.sha256[:8])
    assert set(small.labels[:4]) == set(CLASSES)
    assert dataset.make_synthetic(8, seed=8).read_bytes() != first


@pytest.mark.parametrize(("n_records", "seed"), [(0, 1), (100_000, 1), (4, -1)])
def test_data_set_refuses_impossible_numbers(tmp_path, monkeypatch, n_records, seed):
    monkeypatch.setenv("ECGLAB_DATA", str(tmp_path))
    with pytest.raises(EcglabError):
        dataset.make_synthetic(n_records, seed)
    assert not list(tmp_path.glob("[!.]*"))


def test_data_set_refuses_while_another_makes_it(tmp_path, monkeypatch):
    monkeypatch.setenv("ECGLAB_DATA", str(tmp_path))
    path = dataset.path_of("synthetic")
    with files.locked(path, "testing"), pytest.raises(EcglabError, match="another process"):
        dataset.make_synthetic(4)
    assert not path.exists()
