import { editDistance } from '../models/known'
import { fields } from './fields'

const most = 3

/** Fields that an unknown name may have meant, the closest first. `names`: those there are at this place. */
export function suggestFields(name: string, names: readonly string[] | null): string[] {
  const candidates = names ?? [...fields.map((field) => field.path), 'metadata.<field>']
  const asked = name.toLowerCase().slice(0, 60)
  const last = asked.split('.').at(-1) ?? asked
  return candidates
    .map((path) => ({ path, distance: distanceTo(path.toLowerCase(), asked, last) }))
    .filter(({ distance }) => distance <= (last.length < 4 ? 1 : Math.max(2, Math.floor(last.length / 3))))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, most)
    .map(({ path }) => path)
}

/** By the whole name or by its last part, where the group is wrong or missing; a beginning is close. */
function distanceTo(path: string, asked: string, last: string): number {
  const isBegun = path.startsWith(asked) || path.split('.').at(-1)?.startsWith(last)
  if (isBegun && last.length >= 3 && path !== asked) return 1
  return Math.min(editDistance(path, asked), editDistance(path.split('.').at(-1) ?? path, last))
}
