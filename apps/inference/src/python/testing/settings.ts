import { homedir } from 'node:os'
import { join } from 'node:path'
import type { PythonSettings } from '../settings'

/** Settings of a test; what installs is configured as on the machine the test runs on. */
export function testSettings(changes: Partial<PythonSettings> = {}): PythonSettings {
  const installVariables = /^(PIP_\w+|UV_\w+|(https?|all|no)_proxy|SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE)$/i
  return {
    interpreter: null,
    searchPath: process.env['PATH'] ?? '',
    home: homedir(),
    configHome: join(homedir(), '.config'),
    idleMs: 600_000,
    installMs: 300_000,
    installMiB: 4096,
    useSandbox: true,
    allowUnsandboxed: true,
    allowSourceBuilds: false,
    allowRequirementSources: false,
    offline: false,
    installEnvironment: Object.fromEntries(
      Object.entries(process.env).flatMap(([name, value]) =>
        value && installVariables.test(name) ? [[name, value]] : [],
      ),
    ),
    ...changes,
  }
}
