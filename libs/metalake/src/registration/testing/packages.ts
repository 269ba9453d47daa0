import { openFolder, packPackage } from '@lakelens/folder-validator'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { buffer } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import { stringify } from 'yaml'

export type PackageFiles = Readonly<Record<string, string | Uint8Array>>

const fixtures = path.resolve(__dirname, '../../../../../tools/fixtures')

export async function writePackage(folder: string, files: PackageFiles): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true })
    await writeFile(path.join(folder, name), content)
  }
}

/** A .tar.gz of these files. */
export async function packageOf(files: PackageFiles): Promise<Buffer> {
  const folder = await mkdtemp(path.join(tmpdir(), 'lakelens-package-'))
  try {
    await writePackage(folder, files)
    return gzipSync(await buffer(packPackage(await openFolder(folder))))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

interface Listed {
  name: string
  manifest: Record<string, unknown>
}

/** The ONNX drop-in of one of the tiny models, with what `given` puts in place of its files. */
export async function tinyPackage(name: string, given: PackageFiles = {}): Promise<PackageFiles> {
  const { models } = JSON.parse(await readFile(path.join(fixtures, 'models.json'), 'utf8')) as { models: Listed[] }
  const model = models.find((each) => each.name === name)
  if (!model) throw new Error(`there is no tiny model ${name}`)
  const { labels, ...manifest } = model.manifest
  return {
    'model.onnx': await readFile(path.join(fixtures, `${name}.onnx`)),
    'model.yaml': stringify(manifest),
    ...(labels === undefined
      ? {}
      : { 'label_list.yaml': await readFile(path.join(fixtures, 'label_list.yaml'), 'utf8') }),
    ...given,
  }
}

/** A tagger in Python, as the chapter's folder looks. It is checked, never run. */
export const pythonPackage = (given: PackageFiles = {}): PackageFiles => ({
  'code/inference.py': [
    'def model_fn(model_dir):',
    '    return None',
    'def input_fn(request_body, request_content_type):',
    '    return request_body',
    'def predict_fn(input_data, model):',
    '    return []',
    'def output_fn(prediction_output, content_type):',
    '    return {"boxes": [], "probs": []}',
    '',
  ].join('\n'),
  'code/requirements.txt': '',
  'label_list.yaml': 'label_list: [cat, dog]\n',
  'weights.pt': 'weights',
  ...given,
})
