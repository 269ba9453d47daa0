import { openFolder, packPackage } from '@lakelens/folder-validator'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'

export type PackageFiles = Readonly<Record<string, string | Uint8Array>>

const fixtures = join(__dirname, '..', '..', '..', '..', 'tools', 'fixtures')

/** The tiny detector as an ONNX drop-in: colour blobs on a 32-pixel grid. */
export const detectorPackage = async (given: PackageFiles = {}): Promise<PackageFiles> => ({
  'model.onnx': await readFile(join(fixtures, 'tiny-detector.onnx')),
  'label_list.yaml': await readFile(join(fixtures, 'label_list.yaml'), 'utf8'),
  'model.yaml': 'output: yolov8\nlicense: Apache-2.0\ndescription: Colour blobs\n',
  ...given,
})

/** A tagger in Python that finds nothing, as the chapter's folder looks. */
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

export async function writePackage(folder: string, files: PackageFiles): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), content)
  }
}

/** A .tar.gz of these files. */
export async function packageOf(files: PackageFiles): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'lakelens-package-'))
  try {
    await writePackage(folder, files)
    return gzipSync(await buffer(packPackage(await openFolder(folder))), { level: 1 })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
