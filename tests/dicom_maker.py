"""Waveforms in DICOM, for the tests of the reader."""

import io

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

FS = 500
NAMES = ("Lead V1", "Lead II", "Lead I (Einthoven)")


def channel(name, unit="uV", sensitivity=2.5, code="", **changed):
    one, source, units = Dataset(), Dataset(), Dataset()
    source.CodeMeaning, source.CodeValue = name, code
    units.CodeValue = unit
    one.ChannelSourceSequence = [source]
    one.ChannelSensitivity = sensitivity
    one.ChannelSensitivityUnitsSequence = [units]
    one.ChannelSensitivityCorrectionFactor = 1
    one.ChannelBaseline = 0
    for key, value in changed.items():
        setattr(one, key, value)
        if value is None:
            delattr(one, key)
    return one


def group(values, channels=None, dtype="<i2", kind="SS", originality="ORIGINAL", fs=FS, **changed):
    """A multiplex group of integers (n_samples, n_channels)."""
    one = Dataset()
    one.WaveformOriginality = originality
    one.NumberOfWaveformChannels, one.NumberOfWaveformSamples = values.shape[1], values.shape[0]
    one.SamplingFrequency = fs
    one.ChannelDefinitionSequence = channels or [channel(n) for n in NAMES[: values.shape[1]]]
    one.WaveformBitsAllocated = 8 * np.dtype(dtype).itemsize
    one.WaveformSampleInterpretation = kind
    one.add_new("WaveformData", "OW", values.astype(dtype).tobytes())
    for key, value in changed.items():
        setattr(one, key, value)
    return one


def content(*groups, syntax=ExplicitVRLittleEndian, preamble=True):
    data = Dataset()
    data.AcquisitionDateTime = "20240102030405"
    if groups:
        data.WaveformSequence = list(groups)
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = syntax
    data.SOPClassUID = "1.2.840.10008.5.1.4.1.1.9.1.1"
    data.SOPInstanceUID = "1.2.3"
    file = io.BytesIO()
    if preamble:
        pydicom.dcmwrite(file, data, enforce_file_format=True)
    else:
        data.pop("file_meta", None)
        del data.file_meta
        pydicom.dcmwrite(file, data, implicit_vr=True, little_endian=True)
    return file.getvalue()
