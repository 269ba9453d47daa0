import { migrate, openDatabase } from '@lakelens/db'
import { silentLogger } from '@lakelens/kernel'
import { Command } from 'commander'
import { databaseUrl } from '../database'
import { dataFolder } from '../settings'

export const migrateCommand = (): Command =>
  new Command('migrate')
    .description('bring the database of DATABASE_URL to this version (every gateway does so at its start)')
    .addHelpText(
      'after',
      '\nThe embedded database has no need of it: it belongs to the gateway, which migrates it when it starts.',
    )
    .action(async () => {
      const database = await openDatabase({ url: databaseUrl(), dataDir: dataFolder(), log: silentLogger() })
      try {
        const { applied } = await migrate(database)
        console.log(
          applied.length === 0 ? 'Nothing to do.' : `Applied:\n${applied.map((name) => `  ${name}`).join('\n')}`,
        )
      } finally {
        await database.close()
      }
    })
