import type { GatewayConfig } from './config'
import type { Gateway } from './gateway'
import { version } from './version'

/** What people read when it has started. */
export function greeting(config: GatewayConfig, gateway: Gateway): string {
  const url = config.publicUrl ?? gateway.url
  const trial =
    config.databaseUrl === undefined
      ? ', for trying out: a power cut may lose data (set DATABASE_URL for a real one)'
      : ''
  const { models } = config
  const lines = [
    `LakeLens ${version} (${config.roles.join(', ')}) listens on ${gateway.url}`,
    ...(config.roles.includes('api')
      ? [`  API and Sandbox  ${url}/graphql     offline GraphiQL  ${url}/graphiql`]
      : []),
    `  database   ${gateway.database}${trial}`,
    `  inference  ${gateway.inference.addresses.join(', ')}   tagging ${models.defaults.AUTO_TAGGING}, embedding ${models.defaults.EMBEDDING}${models.offline ? ', offline' : ''}`,
    config.auth === 'off'
      ? '  access     off: everyone on this machine is ADMIN'
      : '  access     by key: Authorization: Bearer <key>.<secret>',
  ]
  if (gateway.firstKey) {
    lines.push(
      `  first key  ${gateway.firstKey.bearer}`,
      `             shown once, and kept in ${gateway.firstKey.path}`,
    )
  }
  return lines.join('\n')
}
