const pattern =
  /\.(pt|pth|pt2|torchscript|ckpt|onnx|safetensors|bin|h5|hdf5|keras|pb|tflite|engine|trt|plan|pkl|pickle|joblib|npz|npy|weights|pdparams|params|gguf|mlmodel|msgpack)$/i

/** Whether a file is one of weights, by its name. */
export const isWeights = (file: string): boolean => pattern.test(file)
