import { expect, test } from 'vitest'
import { DiskShadow } from '../src/invariants/disk-shadow.js'

test('an earlier voice is on the disk too when records of several are durable at once', () => {
  const shadow = new DiskShadow(0, { epoch: 1, votedFor: null })
  shadow.onVoice({ epoch: 2, votedFor: 'n4' })
  shadow.onLeaving(1, 0)
  shadow.onVoice({ epoch: 3, votedFor: null })
  shadow.onVoice({ epoch: 3, votedFor: 'n2' })
  shadow.onLeaving(3, 0)
  shadow.onVoice({ epoch: 4, votedFor: 'n1' })
  shadow.onLeaving(4, 0)
  expect(shadow.onDurable(3)).toEqual([
    { epoch: 2, votedFor: 'n4' },
    { epoch: 3, votedFor: null },
    { epoch: 3, votedFor: 'n2' },
  ])
  expect(shadow.voice).toEqual({ epoch: 3, votedFor: 'n2' })
  expect(shadow.onDurable(4)).toEqual([{ epoch: 4, votedFor: 'n1' }])
})
