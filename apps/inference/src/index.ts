export { type InferenceConfig, loadConfig } from './config'
export { type InferenceService, type StartOptions, startInference } from './server'
