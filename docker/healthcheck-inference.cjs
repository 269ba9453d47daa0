// Exit 0 when the gRPC health service says SERVING. The request is an empty message and the answer one enum
// (field 1: bytes 08 01), so no generated code is needed.
const { credentials, makeGenericClientConstructor } = require('@grpc/grpc-js')

const Client = makeGenericClientConstructor({}, 'Health')
const client = new Client(`127.0.0.1:${process.env.INFERENCE_PORT ?? 50051}`, credentials.createInsecure())
const bytes = (buffer) => buffer
client.makeUnaryRequest(
  '/grpc.health.v1.Health/Check',
  bytes,
  bytes,
  Buffer.alloc(0),
  { deadline: Date.now() + 4_000 },
  (error, answer) => process.exit(!error && answer[0] === 8 && answer[1] === 1 ? 0 : 1),
)
