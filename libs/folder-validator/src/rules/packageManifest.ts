import type { Manifest } from '@lakelens/vision'
import type { Inspection } from './inspection'

/** The keys of model.yaml that say how to run it, with what it left out and the graph or the application tells. */
export function packageManifest({ manifest, inferred, runtime }: Inspection): Record<string, unknown> {
  const { labels: _labels, license: _license, description: _description, ...running } = manifest ?? {}
  const filled: Manifest = { ...running, ...inferred }
  return { ...filled, ...(filled.task === undefined && runtime === 'PYTHON' && { task: 'detection' }) }
}
