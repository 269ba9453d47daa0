// A process of its own for tests: opens the embedded database in a folder and writes rows, one line on standard output for
// each that was acknowledged, until it is killed.
import { silentLogger } from '@lakelens/kernel'
import { openDatabase } from '../openDatabase'

async function main(): Promise<void> {
  const database = await openDatabase({ dataDir: process.argv[2]!, log: silentLogger() })
  await database.query('create table if not exists written (id bigint primary key, filler text)')
  const { rows } = await database.query<{ next: string }>('select coalesce(max(id), 0) + 1 as next from written')
  process.stdout.write('open\n')
  for (let id = BigInt(rows[0]!.next); ; id++) {
    await database.query('insert into written values ($1, $2)', [id.toString(), 'x'.repeat(2000)])
    process.stdout.write(`${id}\n`)
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${(error as { code?: string }).code}: ${(error as Error).message}\n`)
  process.exit(1)
})
