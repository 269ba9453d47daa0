import { defineErrors } from '@lakelens/kernel'

/** Of models with `inference.py`; what is wrong with one answer is in `answerErrors.ts`. */
export const pythonErrors = defineErrors('inference', {
  PYTHON_UNAVAILABLE: [
    'PLATFORM_UNAVAILABLE',
    ({ name, reason }: { name: string; reason: string }) =>
      `Model ${name} needs Python, and the inference service has none: ${reason}. Install Python 3.9 or newer there, or set INFERENCE_PYTHON to its path.`,
  ],
  SANDBOX_UNAVAILABLE: [
    'SANDBOX_UNAVAILABLE',
    ({ name, detail }: { name: string; detail: string }) => `Model ${name} was not started. ${detail}`,
  ],
  PACKAGE_INVALID: [
    'MODEL_PACKAGE_INVALID',
    ({ name, fault }: { name: string; fault: string }) => `The package of model ${name} is not usable: ${fault}`,
  ],
  MODEL_INSTALL_FAILED: [
    'MODEL_PACKAGE_INVALID',
    ({ name, reason }: { name: string; reason: string; installLog: string }) =>
      `The requirements of model ${name} could not be installed: ${reason}. Correct code/requirements.txt and register the model again.`,
  ],
  MODEL_INDEX_UNREACHABLE: [
    'MODEL_UNAVAILABLE',
    ({ name, reason }: { name: string; reason: string; installLog: string }) =>
      `The requirements of model ${name} could not be fetched: ${reason}. Check the network of the inference service and its PIP_INDEX_URL, then try again.`,
  ],
  MODEL_INSTALL_OFFLINE: [
    'MODEL_UNAVAILABLE',
    ({ name }: { name: string }) =>
      `The requirements of model ${name} are not installed, and LAKELENS_OFFLINE=1 forbids to fetch them. Run it once with network, or leave LAKELENS_OFFLINE out.`,
  ],
  MODEL_INSTALL_TOO_LARGE: [
    'LIMIT_EXCEEDED',
    ({ name, received, limit }: { name: string; received: number; limit: number; installLog: string }) =>
      `The requirements of model ${name} took ${received} MiB and more; ${limit} MiB are allowed. Raise INFERENCE_PYTHON_INSTALL_MIB, or require less.`,
  ],
  INSTALLER_MISSING: [
    'PLATFORM_UNAVAILABLE',
    ({ name, python }: { name: string; python: string }) =>
      `Model ${name} has requirements, and there is nothing to install them with: ${python} has no pip, and uv is not on the PATH. Install one of them beside the inference service.`,
  ],
  MODEL_FAILED_TO_START: [
    'MODEL_PACKAGE_INVALID',
    ({ name, reason }: { name: string; reason: string }) => `Model ${name} could not be started: ${reason}`,
  ],
})
