import { position } from '@quorate/contracts'
import { expect, test } from 'vitest'
import { AskedSnapshots } from '../../src/snapshots/asked-snapshots.js'

test('whoever asks gets the first snapshot that has what was applied at the call, and none of before', async () => {
  const asked = new AskedSnapshots()
  const told: string[] = []
  void asked.ask(position(5)).then((at) => told.push(`five: ${at}`))
  void asked.ask(position(9)).then((at) => told.push(`nine: ${at}`))
  asked.onSaved(position(4))
  asked.onSaved(position(7))
  await Promise.resolve()
  expect(told).toEqual(['five: 7'])
  expect(asked.areAny).toBe(true)
  asked.onSaved(position(9))
  await Promise.resolve()
  expect(told).toEqual(['five: 7', 'nine: 9'])
  expect(asked.areAny).toBe(false)
})

test('a snapshot that fails is told to all who wait, and after the end nobody waits', async () => {
  const asked = new AskedSnapshots()
  const failed = asked.ask(position(1))
  asked.onFailed(new Error('EIO'))
  await expect(failed).rejects.toThrow('EIO')
  asked.refuse(new Error('it has stopped'))
  await expect(asked.ask(position(1))).rejects.toThrow('it has stopped')
})
