import type { InferenceBackend, ModelRef } from '@lakelens/inference-client'

/**
 * Addresses of model files are signed for the public address of the gateway, which the inference service need not reach
 * (another network, a proxy that asks for more). Path and query are what is signed, so host and port can be changed.
 */
export function withModelAddress(backend: InferenceBackend, base: () => string): InferenceBackend {
  const moved = (model: ModelRef): ModelRef => {
    const { pathname, search } = new URL(model.url)
    const path = pathname.slice(pathname.lastIndexOf('/media/'))
    return { ...model, url: `${base()}${path}${search}` }
  }
  return {
    ...backend,
    loadModel: (model, options) => backend.loadModel(moved(model), options),
    detect: (model, pictures, parameters, options) => backend.detect(moved(model), pictures, parameters, options),
    embed: (model, pictures, options) => backend.embed(moved(model), pictures, options),
  }
}
