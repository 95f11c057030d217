import { nodeId, position, seededRandom, sequence, type ForcedBeginning, type Members } from '@quorate/contracts'
import { describe, expect, test } from 'vitest'
import { decodeRecord, encodeRecord, forceMembers, logIndex, term, type Entry } from '../src/index.js'
import { Cores, type Core, type Image } from './cores.js'

const newMembers: Members = ['m1', 'm2', 'm3'].map((id) => ({
  id: nodeId(id),
  address: `${id}:1`,
  clientAddress: null,
  incarnation: `life of ${id}`,
  role: 'voter',
}))

function beginningOf(records: readonly Uint8Array[], first = 1, image: Image | null = null): ForcedBeginning {
  const forced = forceMembers({ snapshot: image?.meta ?? null, members: newMembers })
  records.slice(first - 1).forEach((record, at) => forced.record(sequence(first + at), record))
  return forced.finish()
}

function imageOf({ released, images }: Core): Image | null {
  return (released && images.get(released.snapshot)) ?? null
}

/** m1, m2 and m3, started on what one member of another cluster had. */
function goOnWith(lost: Core): { cores: Cores; beginning: ForcedBeginning } {
  const image = imageOf(lost)
  const beginning = beginningOf(lost.records, lost.released?.sequence, image)
  const cores = new Cores('m1 m2 m3')
  cores.crash('m1', 'm2', 'm3')
  for (const core of cores.all) {
    core.records.splice(0, Infinity, ...beginning.records())
    if (!image || !beginning.snapshot) continue
    core.images.set(image.meta.position, { meta: beginning.snapshot, applied: image.applied })
    core.released = { sequence: sequence(1), snapshot: image.meta.position }
  }
  cores.restart('m1', 'm2', 'm3')
  return { cores, beginning }
}

function entry(index: number, kind: Entry['kind'], bytes = 3): Entry {
  return { index: logIndex(index), term: term(2), kind, data: new Uint8Array(bytes).fill(index) }
}

function journalOf(...entries: Entry[]): Uint8Array[] {
  return [
    encodeRecord({ kind: 'hardState', hardState: { currentTerm: term(2), votedFor: nodeId('n1') } }),
    encodeRecord({ kind: 'entries', firstIndex: logIndex(1), entries }),
  ]
}

describe('a configuration that is forced', () => {
  test('goes on with the whole log of one member, and commits also what nobody knew to be committed', () => {
    const old = new Cores('n1 n2 n3')
    old.elect('n1')
    old.propose('n1', 'x', 'y')
    old.crash('n2', 'n3')
    old.propose('n1', 'z')
    const { cores, beginning } = goOnWith(old.core('n1'))
    expect(beginning).toMatchObject({ epoch: 1, last: 4, snapshot: null })
    expect(beginning.undecided).toEqual([{ epoch: 1, first: 1, last: 4, bytes: 3 }])
    cores.elect('m2')
    cores.propose('m2', 'after')
    for (const { applied, state } of cores.all) {
      expect(applied).toEqual(['-', 'x', 'y', 'z', '-', 'after'])
      expect(state.conf.voters).toEqual(['m1', 'm2', 'm3'])
      expect(state.members).toEqual(newMembers)
    }
  })

  test('stands on the snapshot of that member, with the new members', () => {
    const old = new Cores('n1 n2 n3', { tailEntriesMax: 0 })
    old.elect('n1')
    old.propose('n1', 'x', 'y')
    old.save('n1')
    old.propose('n1', 'z')
    const { cores, beginning } = goOnWith(old.core('n1'))
    expect(beginning.snapshot).toMatchObject({ position: 3, epoch: 1, members: newMembers })
    expect(beginning.undecided).toEqual([{ epoch: 1, first: 4, last: 4, bytes: 1 }])
    cores.elect('m3')
    expect(cores.all.map(({ applied }) => applied)).toEqual(Array(3).fill(['-', 'x', 'y', 'z', '-']))
    expect(cores.all.map(({ state }) => state.conf.voters)).toEqual(Array(3).fill(['m1', 'm2', 'm3']))
  })

  test('needs no entry behind the snapshot', () => {
    const old = new Cores('n1')
    old.elect('n1')
    old.save('n1')
    const { cores, beginning } = goOnWith(old.core('n1'))
    expect(beginning).toMatchObject({ undecided: [], epoch: 1, last: 1 })
    cores.elect('m1')
    expect(cores.all.map(({ applied }) => applied)).toEqual(Array(3).fill(['-', '-']))
  })

  test('takes what stood in the log last, and not what was replaced', () => {
    const old = new Cores('n1 n2 n3')
    old.elect('n1')
    old.crash('n2', 'n3')
    old.propose('n1', 'replaced')
    old.crash('n1')
    old.restart('n2', 'n3')
    old.elect('n2')
    old.propose('n2', 'x')
    old.restart('n1')
    old.tickUntil(() => old.core('n1').log.includes('2:x'))
    const { cores, beginning } = goOnWith(old.core('n1'))
    expect(beginning.undecided.map(({ epoch, first, last }) => [epoch, first, last])).toEqual([
      [1, 1, 1],
      [2, 2, 3],
    ])
    cores.elect('m1')
    expect(cores.core('m1').applied).toEqual(['-', '-', 'x', '-'])
  })

  test('begins in a term of its own, in which nobody has voted', () => {
    const old = new Cores('n1 n2 n3')
    old.elect('n1')
    const { hardState } = old.core('n1').state
    expect(hardState).toEqual({ currentTerm: 1, votedFor: 'n1' })
    const { cores } = goOnWith(old.core('n1'))
    expect(cores.all.map(({ state }) => state.hardState)).toEqual(Array(3).fill({ currentTerm: 2, votedFor: null }))
  })

  test('forgets how the old configuration was changed, and leaves every entry its place', () => {
    const records = journalOf(entry(1, 'noop', 0), entry(2, 'membership', 40), entry(3, 'command'))
    const [, , entries] = [...beginningOf(records).records()].map(decodeRecord)
    expect(entries).toMatchObject({
      entries: [
        { index: 1, term: 2, kind: 'noop' },
        { index: 2, term: 2, kind: 'noop', data: new Uint8Array() },
        { index: 3, term: 2, kind: 'command', data: new Uint8Array([3, 3, 3]) },
      ],
    })
  })

  test('cuts a long log into records of a mebibyte', () => {
    const log = Array.from({ length: 9 }, (_, at) => entry(at + 1, 'command', 400_000))
    const records = [...beginningOf(journalOf(...log)).records()]
    expect(records.map(({ length }) => length <= 1024 * 1024 + 64)).toEqual(Array(records.length).fill(true))
    const found = records.map(decodeRecord).flatMap((record) => (record.kind === 'entries' ? record.entries : []))
    expect(found.map(({ index, data }) => [index, data.length, data[0]])).toEqual(
      log.map(({ index }) => [index, 400_000, index]),
    )
  })

  test('refuses what no member can have written', () => {
    expect(() => beginningOf([new Uint8Array([1, 77])])).toThrow(/record 1 of the journal cannot be used/)
    const image = { meta: { position: position(5), epoch: 1, members: [], protocol: new Uint8Array() }, applied: [] }
    expect(() => beginningOf([], 1, image)).toThrow(/the snapshot at 5 cannot be used/)
  })

  test('loses nothing that was committed while the member that is ahead of a majority is taken: 200 seeds', () => {
    let committed = 0
    for (let seed = 1; seed <= 200; seed += 1) {
      const { cores, applied, survivors } = troubledLife(`forced ${seed}`)
      const [ahead] = survivors.map((core) => ({ core, beginning: goOnWith(core).beginning })).sort(behindFirst)
      const next = goOnWith(ahead?.core ?? cores.core('n1')).cores
      next.elect('m1')
      expect(next.core('m1').applied.slice(0, applied.length), `seed ${seed}`).toEqual(applied)
      committed += applied.length
    }
    expect(committed).toBeGreaterThan(1_000)
  })
})

function behindFirst(one: { beginning: ForcedBeginning }, other: { beginning: ForcedBeginning }): number {
  return other.beginning.epoch - one.beginning.epoch || other.beginning.last - one.beginning.last
}

/** Five members under crashes and cuts. Returns what was committed in the end, and three that are left. */
function troubledLife(seed: string): { cores: Cores; applied: string[]; survivors: Core[] } {
  const random = seededRandom(seed)
  const names = ['n1', 'n2', 'n3', 'n4', 'n5']
  const cores = new Cores(names.join(' '), { tailEntriesMax: 2 })
  const any = (): string => names[random.nextInt(5)] ?? ''
  let applied: string[] = []
  for (let turn = 0; turn < 60; turn += 1) {
    const name = any()
    const { isUp, state } = cores.core(name)
    const act = [
      () => cores.tick(10),
      () => isUp && cores.tick(40, name),
      () => isUp && state.role === 'leader' && cores.propose(name, `${turn}a`, `${turn}b`),
      () => cores.leaders.forEach((leader) => cores.propose(leader, `${turn}`)),
      () => cores.cut(name, names.filter((other) => other !== name && random.nextInt(2) === 0).join(' ') || any()),
      () => cores.heal(),
      () => (isUp ? cores.crash(name) : cores.restart(name)),
      () => isUp && state.lastApplied > (state.snapshot?.position ?? 0) && cores.save(name),
    ][random.nextInt(8)]
    act?.()
    for (const core of cores.all) if (core.applied.length > applied.length) applied = [...core.applied]
  }
  const first = random.nextInt(5)
  return { cores, applied, survivors: [0, 1, 2].flatMap((at) => cores.all[(first + at) % 5] ?? []) }
}
