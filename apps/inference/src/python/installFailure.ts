import { errors } from '../errors'
import { pythonErrors } from './errors'
import type { PythonSettings } from './settings'

/** An installation that did not end well. */
export interface FailedInstall {
  name: string
  /** `time`, `space`, or what the watchdog saw; null: it ended by itself. */
  stopped: string | null
  taken: number
  installLog: string
  settings: PythonSettings
}

/** Whose fault it was: the package's, the network's or the disk's. */
export function installFailure({ name, stopped, taken, installLog, settings }: FailedInstall): Error {
  if (stopped === 'space')
    return pythonErrors.MODEL_INSTALL_TOO_LARGE({ name, received: taken, limit: settings.installMiB, installLog })
  if (stopped === 'time') {
    const reason = `it took longer than ${settings.installMs / 1000} s (INFERENCE_PYTHON_INSTALL_SECONDS)`
    return pythonErrors.MODEL_INDEX_UNREACHABLE({ name, reason, installLog })
  }
  if (stopped !== null) return pythonErrors.MODEL_INSTALL_FAILED({ name, reason: stopped, installLog })
  if (/No space left on device|disk quota exceeded/i.test(installLog))
    return errors.MODEL_STORE_FULL({ name, folder: 'the folder of environments' })
  const reason = reasonIn(installLog)
  // An index that cannot be reached and one that lacks the distribution end alike; only the lines before tell.
  return unreachable.test(installLog)
    ? pythonErrors.MODEL_INDEX_UNREACHABLE({ name, reason, installLog })
    : pythonErrors.MODEL_INSTALL_FAILED({ name, reason, installLog })
}

const unreachable =
  /Retrying \(|NewConnectionError|ConnectTimeout|ReadTimeout|ProxyError|SSLError|CERTIFICATE_VERIFY|name resolution|dns error|error sending request|Connection (refused|reset|timed out)|\b(429|50[0234]) (Too Many|Internal|Bad|Service|Gateway|Server)/i

/** The line that says most: pip's and uv's own verdict, else the last there is. */
function reasonIn(log: string): string {
  const lines = log
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
  const verdicts = lines.filter((line) => /^(ERROR:|error:|×|╰─▶)/.test(line))
  const chosen =
    verdicts.find((line) => /no matching|not find|no solution|because/i.test(line)) ?? verdicts[0] ?? lines.at(-1)
  return (chosen ?? 'it said nothing')
    .replace(/^(ERROR:|error:|×|╰─▶)\s*/, '')
    .replace(/[\s.]+$/, '')
    .slice(0, 300)
}

/** Passwords and tokens of index addresses stay out of logs. */
export const redacted = (text: string): string =>
  text
    .replace(/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@]+@/gi, '$1****@')
    .replace(/([?&](?:token|key|auth|signature|sig|access_token|password)=)[^\s&"']+/gi, '$1****')
