import type { CheckCode } from '../codes'
import { readStart, type Inspection } from './inspection'
import { failed, listed, passed, type Finding } from './rule'
import { isWeights } from './weightNames'

/** What is often sent in place of weights, told by the first bytes; null for anything else. */
export function impostor(start: Buffer): 'empty' | 'lfs-pointer' | 'web-page' | null {
  if (start.length === 0) return 'empty'
  const text = start.toString('latin1', 0, 64).trimStart().toLowerCase()
  if (text.startsWith('version https://git-lfs')) return 'lfs-pointer'
  return text.startsWith('<!doctype') || text.startsWith('<html') ? 'web-page' : null
}

/** The group of codes is that of the file: `weights` for files beside a script, `onnx` for the graph itself. */
export function impostorFinding(
  group: 'weights' | 'onnx',
  kind: 'empty' | 'lfs-pointer' | 'web-page',
  file: string,
): Finding {
  const code: CheckCode = `${group}.${kind}`
  switch (kind) {
    case 'empty':
      return failed(code, `${file} is empty`, 'Export or copy it again, and pack again.', { file })
    case 'lfs-pointer':
      return failed(
        code,
        `${file} is a Git LFS pointer and not the file it stands for`,
        'Run `git lfs pull`, and pack again.',
        { file },
      )
    case 'web-page':
      return failed(
        code,
        `${file} is a web page: the download brought a login or an error`,
        'Download it again, and look at what came.',
        { file },
      )
  }
}

export async function judgeWeights(inspection: Inspection): Promise<Finding[]> {
  const weights = inspection.opened.files.filter(({ path }) => isWeights(path))
  const findings: Finding[] = []
  for (const { path } of weights) {
    const kind = impostor(await readStart(inspection, path, 64))
    if (kind !== null) findings.push(impostorFinding('weights', kind, path))
  }
  if (findings.length > 0) return findings
  if (weights.length > 0) return [passed(listed(weights.map(({ path }) => path)))]
  if (inspection.options.application === 'EMBEDDING') return [passed('none, which an embedding model may do without')]
  const hint = 'Add the weights, beside `code/`.'
  return [failed('structure.weights', 'there is no file of weights (.pt, .pth, .onnx, .safetensors, …)', hint)]
}
