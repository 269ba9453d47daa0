const folders = new Set([
  '__macosx',
  '__pycache__',
  '.git',
  '.ipynb_checkpoints',
  '.spotlight-v100',
  '.trashes',
  '.fseventsd',
])
const names = new Set(['.ds_store', 'thumbs.db', 'desktop.ini', '.directory'])

/** What operating systems and tools leave lying in folders, which nobody means to send. `path`: inside the package. */
export function isLitter(path: string): boolean {
  const segments = path.toLowerCase().split('/')
  const last = segments.at(-1) ?? ''
  return (
    segments.some((segment) => folders.has(segment) || segment.startsWith('._')) ||
    names.has(last) ||
    /\.py[co]$/.test(last)
  )
}
