export { type InferenceConfig, loadConfig } from './config'
export { type InferenceService, type StartOptions, startInference } from './server'
export { type InspectedModel, type InspectOptions, inspectModel } from './inspectModel'
export { type MeasureOptions, type PythonCost, measurePython } from './python/measure'
