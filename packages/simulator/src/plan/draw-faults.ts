import type { FileOperation } from '@quorate/conformance'
import type { Dice } from './dice.js'
import type { Fault, Target } from './fault.js'
import type { Theme } from './plan.js'

/** How one kind of fault is drawn, for a cluster of some size. */
type Draw = (dice: Dice, members: number, atMs: number) => Fault

const who = (dice: Dice, members: number): Target => (dice.percent(40) ? 'leader' : dice.random.nextInt(members))
const how = (dice: Dice): 'kill' | 'powerCut' => dice.pick(['kill', 'powerCut'])

const syncing: readonly [FileOperation, ...FileOperation[]] = [
  'datasync',
  'write',
  'rename',
  'syncDirectory',
  'truncate',
  'unlink',
  'open',
]

/** Every kind, under the name by which it is drawn or left out. */
const kinds: Readonly<Record<string, Draw>> = {
  crash: (dice, members, atMs) => ({
    kind: 'crash',
    atMs,
    who: who(dice, members),
    how: how(dice),
    forMs: dice.pick([dice.between(0, 30), dice.between(50, 500), dice.between(500, 3_000)]),
  }),
  crashLeader: (dice, _, atMs) => ({
    kind: 'crash',
    atMs,
    who: 'leader',
    how: how(dice),
    forMs: dice.between(50, 900),
  }),
  mortalLeaders: (dice, _, atMs) => ({
    kind: 'mortalLeaders',
    atMs,
    livesMs: dice.pick([15, 60, 200]),
    downMs: dice.pick([50, 200, 600]),
    forMs: dice.between(500, 4_000),
  }),
  crashAll: (dice, _, atMs) => ({ kind: 'crashAll', atMs, how: how(dice), forMs: dice.between(0, 500) }),
  crashAtWrite: (dice, members, atMs) => ({
    kind: 'trap',
    atMs,
    who: who(dice, members),
    operation: dice.pick(syncing),
    passes: dice.pick([0, dice.random.nextInt(5), dice.random.nextInt(30)]),
    does: how(dice),
    forMs: dice.between(0, 1_000),
  }),
  partition: (dice, members, atMs) => ({
    kind: 'partition',
    atMs,
    side: dice.random.nextInt(2 ** members),
    forMs: dice.between(100, 2_500),
  }),
  isolate: (dice, members, atMs) => ({
    kind: 'isolate',
    atMs,
    who: who(dice, members),
    way: dice.pick(['in', 'out', 'both', 'both']),
    forMs: dice.between(100, 2_500),
  }),
  isolateLeader: (dice, _, atMs) => ({
    kind: 'isolate',
    atMs,
    who: 'leader',
    way: dice.pick(['in', 'out', 'both', 'both']),
    forMs: dice.between(100, 1_500),
  }),
  slowLink: (dice, members, atMs) => ({
    kind: 'slowLink',
    atMs,
    from: dice.random.nextInt(members),
    to: dice.random.nextInt(members),
    latencyMs: dice.between(50, 600),
    forMs: dice.between(200, 3_000),
  }),
  pause: (dice, members, atMs) => ({
    kind: 'pause',
    atMs,
    who: who(dice, members),
    forMs: dice.pick([dice.between(20, 200), dice.between(200, 3_000)]),
  }),
  drift: (dice, members, atMs) => ({
    kind: 'drift',
    atMs,
    who: who(dice, members),
    rate: dice.between(50, 200) / 100,
    forMs: dice.between(500, 4_000),
  }),
  wallJump: (dice, members, atMs) => ({
    kind: 'wallJump',
    atMs,
    who: who(dice, members),
    byMs: dice.pick([-86_400_000, -5_000, 5_000, 86_400_000]),
  }),
  stallSync: (dice, members, atMs) => ({
    kind: 'stallSync',
    atMs,
    who: who(dice, members),
    forMs: dice.pick([dice.between(50, 400), dice.between(400, 3_000)]),
  }),
  diskFull: (dice, members, atMs) => ({
    kind: 'diskFull',
    atMs,
    who: who(dice, members),
    freeBytes: dice.pick([0, 4_096, 65_536]),
    forMs: dice.between(200, 3_000),
  }),
  ioError: (dice, members, atMs) => ({
    kind: 'trap',
    atMs,
    who: who(dice, members),
    operation: dice.pick([...syncing, 'read', 'list']),
    passes: dice.random.nextInt(20),
    does: dice.pick(['EIO', 'EIO', 'ENOSPC']),
    forMs: 0,
  }),
  rot: (dice, members, atMs) => ({
    kind: 'rot',
    atMs,
    who: who(dice, members),
    file: dice.pick(['journal', 'snapshot']),
    bit: dice.random.nextInt(2 ** 20),
  }),
  transfer: (dice, members, atMs) => ({
    kind: 'transfer',
    atMs,
    to: dice.percent(30) ? null : dice.random.nextInt(members),
  }),
}

/**
 * Troubles that only come together: which kinds, and about how often each. Most runs mix kinds at random instead, and each
 * of these gets deep into one trouble.
 */
const themes: Readonly<Record<Theme, { readonly kinds: readonly string[]; readonly everyMs: number }>> = {
  /** No leader lives long: entries of many terms that nobody has committed yet. */
  churn: { kinds: ['mortalLeaders', 'crashLeader', 'isolateLeader', 'isolate'], everyMs: 400 },
  /** Whoever was gone comes back to a cluster that has gone on. */
  lag: { kinds: ['isolate', 'isolate', 'pause', 'crash'], everyMs: 1_000 },
  /** Power goes while something is on its way to the disk. */
  power: { kinds: ['crashAtWrite', 'crashAtWrite', 'crashAll', 'stallSync'], everyMs: 600 },
  /** Messages come so late that they belong to another time. */
  delay: { kinds: ['slowLink', 'slowLink', 'slowLink', 'isolateLeader', 'transfer'], everyMs: 600 },
}

/** Draws some kinds, how often each comes, and when. */
export function drawFaults(dice: Dice, theme: Theme | null, members: number, safetyMs: number): readonly Fault[] {
  const drawn =
    theme === null ? drawMixture(dice) : themes[theme].kinds.map((kind) => ({ kind, everyMs: themes[theme].everyMs }))
  const faults = drawn.flatMap(({ kind, everyMs }) => {
    const draw = kinds[kind]
    if (!draw) throw new TypeError(`no fault is called ${kind}`)
    const each: Fault[] = []
    for (let atMs = dice.random.nextInt(everyMs); atMs < safetyMs; atMs += 1 + dice.random.nextInt(2 * everyMs)) {
      each.push(draw(dice, members, atMs))
    }
    return each
  })
  return faults.sort((left, right) => left.atMs - right.atMs)
}

function drawMixture(dice: Dice): { readonly kind: string; readonly everyMs: number }[] {
  const chance = dice.pick([15, 35, 60])
  return Object.keys(kinds).flatMap((kind) => {
    return dice.percent(chance) ? [{ kind, everyMs: dice.pick([300, 800, 2_000, 5_000]) }] : []
  })
}
