import { createAdmission, createGate } from './gate'

const settled = async (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('weights are let in up to the capacity, in the order they came', async () => {
  const gate = createGate(10)
  const order: string[] = []
  const enter = (name: string, weight: number): Promise<() => void> =>
    gate.enter(weight).then((leave) => (order.push(name), leave))
  const a = await enter('a', 6)
  const b = enter('b', 6)
  const c = enter('c', 1)
  await settled()
  expect(order).toEqual(['a'])
  a()
  a()
  await b
  await c
  expect(order).toEqual(['a', 'b', 'c'])
})

test('what outweighs the gate enters alone', async () => {
  const gate = createGate(10)
  const small = await gate.enter(1)
  let inside = false
  const large = gate.enter(500).then((leave) => ((inside = true), leave))
  await settled()
  expect(inside).toBe(false)
  small()
  const leave = await large
  let after = false
  void gate.enter(1).then(() => (after = true))
  await settled()
  expect(after).toBe(false)
  leave()
  await settled()
  expect(after).toBe(true)
})

test('one who stops waiting does not enter later, and does not hold up those behind', async () => {
  const gate = createGate(2)
  const first = await gate.enter(1)
  const controller = new AbortController()
  const heavy = gate.enter(2, controller.signal)
  let light = false
  void gate.enter(1).then(() => (light = true))
  const reason = new Error('gone')
  controller.abort(reason)
  await expect(heavy).rejects.toBe(reason)
  await settled()
  expect(light).toBe(true)
  first()
  await expect(gate.enter(1, controller.signal)).rejects.toBe(reason)
})

test('admission counts pictures and bytes, and tells a full house from a request that never fits', () => {
  const admission = createAdmission({ pictures: 4, bytes: 100 })
  const leave = admission.admit(3, 50)
  expect(() => admission.admit(2, 1)).toThrow(
    expect.objectContaining({ code: 'QUEUE_FULL', facts: { waiting: 3, limit: 4, unit: 'pictures' } }),
  )
  expect(() => admission.admit(1, 51)).toThrow(
    expect.objectContaining({ code: 'QUEUE_FULL', facts: { waiting: 50, limit: 100, unit: 'bytes' } }),
  )
  expect(() => admission.admit(5, 1)).toThrow(
    expect.objectContaining({ code: 'REQUEST_TOO_LARGE', facts: { received: 5, limit: 4, unit: 'pictures' } }),
  )
  leave()
  leave()
  admission.admit(4, 100)
  expect(() => admission.admit(1, 0)).toThrow(expect.objectContaining({ code: 'QUEUE_FULL' }))
})
