import { isMap, isPair, isScalar, isSeq, type Node, type YAMLMap } from 'yaml'
import { readYaml } from './readYaml'

export interface LabelFault {
  code: 'labels.yaml' | 'labels.shape' | 'labels.empty-name' | 'labels.name' | 'labels.indexes' | 'labels.too-many'
  message: string
  /** From 1; null where it is the file as a whole. */
  line: number | null
}

/** A list of labels as it is written: in training order, each with its line. Duplicates are the caller's to judge. */
export interface LabelList {
  labels: string[]
  /** One for each label, where the file was read as YAML. */
  lines: (number | null)[]
  faults: LabelFault[]
}

export const maxLabels = 100_000
const maxLabelLength = 256
const shapes = 'expected `label_list: [name, ...]`, a list, or a map of index to name'

interface Item {
  value: unknown
  line: number | null
}

/**
 * Reads `label_list: [...]`, `names: ...` as Ultralytics writes it, a plain list, or a map of index to name without gaps.
 * Never throws for what the text holds.
 */
export function readLabelList(text: string): LabelList {
  const { document, counter, fault } = readYaml(text)
  if (fault) return faulty('labels.yaml', fault.message, fault.line)
  let node = document.contents as Node | null
  if (isMap(node)) node = (node.get('label_list', true) ?? node.get('names', true) ?? node) as Node
  const lineOf = (each: unknown): number | null => {
    const start = (each as Node | null)?.range?.[0]
    return start === undefined ? null : counter.linePos(start).line
  }
  const items = isSeq(node)
    ? node.items.map((each): Item => ({ value: isScalar(each) ? each.value : undefined, line: lineOf(each) }))
    : isMap(node)
      ? itemsOfMap(node, lineOf)
      : faulty('labels.shape', shapes, lineOf(node))
  return Array.isArray(items) ? judgeItems(items) : items
}

const faulty = (code: LabelFault['code'], message: string, line: number | null): LabelList => ({
  labels: [],
  lines: [],
  faults: [{ code, message, line }],
})

function itemsOfMap(map: YAMLMap, lineOf: (each: unknown) => number | null): Item[] | LabelList {
  const items: Item[] = []
  for (const pair of map.items) {
    const key: unknown = isPair(pair) && isScalar(pair.key) ? pair.key.value : undefined
    const index = typeof key === 'number' ? key : typeof key === 'string' && /^\d{1,9}$/.test(key) ? Number(key) : -1
    if (!Number.isInteger(index) || index < 0) return faulty('labels.shape', shapes, lineOf(pair.key))
    if (index >= map.items.length || items[index])
      return faulty('labels.indexes', 'the indexes must run from 0 without gaps', lineOf(pair.key))
    items[index] = { value: isScalar(pair.value) ? pair.value.value : undefined, line: lineOf(pair.value) }
  }
  return items
}

function judgeItems(items: readonly Item[]): LabelList {
  if (items.length === 0) return faulty('labels.shape', `the list is empty: ${shapes}`, null)
  if (items.length > maxLabels)
    return faulty('labels.too-many', `${items.length} labels, more than ${maxLabels}`, items[maxLabels]?.line ?? null)
  const faults: LabelFault[] = []
  const labels = items.map(({ value, line }, index) => {
    // YAML reads a class named 7 as a number.
    const name = ['string', 'number', 'boolean', 'bigint'].includes(typeof value) ? String(value).trim() : null
    const number = `label ${index}`
    if (name === '' || value === null) {
      faults.push({ code: 'labels.empty-name', message: `${number} is empty`, line })
    } else if (name === null) {
      faults.push({ code: 'labels.name', message: `${number} is not a name`, line })
    } else if (name.length > maxLabelLength || /[\p{Cc}\p{Cs}]/u.test(name)) {
      const what = name.length > maxLabelLength ? `longer than ${maxLabelLength} characters` : 'with control characters'
      faults.push({ code: 'labels.name', message: `${number} is a name ${what}`, line })
    }
    return name ?? ''
  })
  return { labels, lines: items.map(({ line }) => line), faults }
}

/** The labels of a list that has no fault; throws a plain Error with the first one. */
export function parseLabelList(text: string): string[] {
  const { labels, faults } = readLabelList(text)
  const [first] = faults
  if (first) throw new Error(first.message)
  return labels
}
