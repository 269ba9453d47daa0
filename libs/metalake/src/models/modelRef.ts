import type { ModelVersionWithContent } from '@lakelens/db'
import type { ModelRef } from '@lakelens/inference-client'
import type { Lake } from '../lake'

// Long enough for a slow link to fetch 100 MB; the service keeps what it fetched by digest.
const expiresIn = 900

export type ModelContent = Pick<ModelRef, 'sha256' | 'byteSize' | 'manifest' | 'labels' | 'runtime' | 'application'>

/** What an inference backend needs of a model version, with an address that is good for a quarter of an hour. */
export async function modelRef(
  lake: Lake,
  version: Omit<ModelContent, 'runtime'> & Pick<ModelVersionWithContent, 'modelName' | 'version' | 'runtime'>,
): Promise<ModelRef> {
  const runtime = version.runtime === 'PYTHON' ? 'PYTHON' : 'ONNX'
  return contentRef(lake, `${version.modelName}:${version.version}`, { ...version, runtime })
}

export async function contentRef(
  lake: Lake,
  name: string,
  { sha256, byteSize, manifest, labels, runtime, application }: ModelContent,
): Promise<ModelRef> {
  lake.viewer.require('run')
  const { url } = await lake.signer.sign({ method: 'GET', path: `/media/${sha256}`, expiresIn })
  return { name, sha256, byteSize, url, manifest, labels, runtime, application }
}
