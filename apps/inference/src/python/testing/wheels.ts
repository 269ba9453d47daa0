import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const write = (folder: string, files: Readonly<Record<string, string>>): void => {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), content)
  }
}

/** A wheel of one module, in `folder`: what an index would give. */
export function makeWheel(folder: string, name: string, module: string): void {
  const files = {
    [`${name}.py`]: module,
    [`${name}-1.0.dist-info/METADATA`]: `Metadata-Version: 2.1\nName: ${name}\nVersion: 1.0\n`,
    [`${name}-1.0.dist-info/WHEEL`]: 'Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
    [`${name}-1.0.dist-info/RECORD`]: '',
  }
  const content = mkdtempSync(join(folder, 'build-'))
  write(content, files)
  const archive = join(folder, `${name}-1.0-py3-none-any.whl`)
  execFileSync(
    'python3',
    [
      '-m',
      'zipfile',
      '-c',
      archive,
      ...Object.keys(files)
        .map((path) => path.split('/')[0]!)
        .filter((path, i, all) => all.indexOf(path) === i),
    ],
    { cwd: content },
  )
}

/** A source distribution with a build backend of its own: `hook` is the body of a function that runs while it is built. */
export function makeSource(folder: string, name: string, hook: string): void {
  const content = mkdtempSync(join(folder, 'build-'))
  const wheel = `
import zipfile, os

def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    found = hook()
    file = "${name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(wheel_directory, file), "w") as archive:
        archive.writestr("${name}.py", "FOUND = %r\\n" % (found,))
        archive.writestr("${name}-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: ${name}\\nVersion: 1.0\\n")
        archive.writestr("${name}-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        archive.writestr("${name}-1.0.dist-info/RECORD", "")
    return file

def hook():
${hook
  .split('\n')
  .map((line) => `    ${line}`)
  .join('\n')}
`
  write(join(content, `${name}-1.0`), {
    'PKG-INFO': `Metadata-Version: 2.1\nName: ${name}\nVersion: 1.0\n`,
    'pyproject.toml': '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n',
    'backend.py': wheel,
  })
  execFileSync('tar', ['-czf', join(folder, `${name}-1.0.tar.gz`), `${name}-1.0`], { cwd: content })
}
