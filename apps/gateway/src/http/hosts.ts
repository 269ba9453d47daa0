/** Names and addresses that only this machine can mean. */
export function isLoopbackHost(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[(.*)\]$/, '$1')
  return name === 'localhost' || name === '::1' || /^127(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}$/.test(name)
}

/** The name in a Host header, without its port; null when the header is not one. */
export function hostName(header: string | undefined): string | null {
  if (header === undefined || !/^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{1,5})?$/i.test(header)) return null
  return header.replace(/:\d{1,5}$/, '').toLowerCase()
}

export interface HostRules {
  /** `off` takes loopback names only; `keys` also the hosts of the addresses the gateway is known by. */
  auth: 'off' | 'keys'
  /** Public and internal addresses, where set. */
  urls: readonly string[]
}

/**
 * Whether a request may name this host. A page that points its own name at 127.0.0.1 (DNS rebinding) is of the same origin
 * as the gateway to a browser; its Host header gives it away. A loopback name can't be pointed anywhere, so it is always fine.
 */
export function isAllowedHost(header: string | undefined, rules: HostRules): boolean {
  const name = hostName(header)
  if (name === null) return false
  if (isLoopbackHost(name)) return true
  if (rules.auth === 'off') return false
  if (rules.urls.length === 0) return true
  return rules.urls.some((url) => isHostOf(header ?? '', url))
}

function isHostOf(header: string, url: string): boolean {
  const { host, protocol } = new URL(url)
  const defaultPort = protocol === 'https:' ? ':443' : ':80'
  const bare = header.toLowerCase()
  return bare === host || bare === `${host}${defaultPort}`
}

/** Whether a page of this origin may use the API. `patterns` may end in `:*` (any port, or none) or be `*`. */
export function isAllowedOrigin(origin: string, own: readonly string[], patterns: readonly string[]): boolean {
  const asked = origin.toLowerCase()
  if (own.includes(asked)) return true
  return patterns.some((pattern) => {
    const wanted = pattern.toLowerCase()
    if (wanted === '*') return asked !== 'null'
    if (!wanted.endsWith(':*')) return asked === wanted
    const base = wanted.slice(0, -2)
    return asked === base || (asked.startsWith(`${base}:`) && /^\d{1,5}$/.test(asked.slice(base.length + 1)))
  })
}
