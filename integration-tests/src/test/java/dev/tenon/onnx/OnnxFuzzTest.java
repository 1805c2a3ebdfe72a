package dev.tenon.onnx;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.tenon.api.Device;

/// Any bytes are a model, or an [OnnxException]. In an ordinary test run the files in
/// `OnnxFuzzTestInputs/bytesAreReadOrRefused` are tried; with `JAZZER_FUZZ=1` in the environment and
/// `-Djazzer.hooks=true` others are searched for.
class OnnxFuzzTest {
    @FuzzTest(maxDuration = "5m")
    void bytesAreReadOrRefused(byte[] bytes) {
        try {
            OnnxModel m = OnnxModel.read(bytes, Device.getDefault());
            if (m.describe().isEmpty()) {
                throw new IllegalStateException("a model without a description");
            }
        } catch (OnnxException expected) {
            if (expected.getMessage() == null || expected.getMessage().length() < 5) {
                throw new IllegalStateException("the error says too little", expected);
            }
        }
    }
}
