import { createGrpcBackend } from '@lakelens/inference-client'
import { describeInferenceBackend } from '@lakelens/inference-client/conformance'
import { silentLogger } from '@lakelens/kernel'
import { fixtures } from './testing/fixtures'
import { startFromSource } from './testing/startFromSource'

describeInferenceBackend('gRPC', async () => {
  const service = await startFromSource()
  const backend = createGrpcBackend({ addresses: [service.address], log: silentLogger() })
  return { backend, fixtures, close: () => service.close() }
})
