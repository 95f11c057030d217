import { assert } from './errors.js'

declare const brand: unique symbol
type Branded<Base, Name extends string> = Base & { readonly [brand]: Name }

/** Names a member of the cluster, for as long as it belongs to it. ASCII, `[A-Za-z0-9._-]{1,64}`. */
export type NodeId = Branded<string, 'NodeId'>

/** Count of deliveries to the state machine: the first is 1, and 0 means nothing yet. Neither a log index nor a ballot. */
export type Position = Branded<number, 'Position'>

/** Ordinal of a record among all that this member's protocol ever emitted. The first is 1. */
export type Sequence = Branded<number, 'Sequence'>

/** Ordinal of a Ready among all that were taken in this life of the protocol. The first is 1. */
export type ReadySeq = Branded<number, 'ReadySeq'>

/** The driver's name for something it waits for. Means nothing to a protocol, which hands it back. */
export type Token = Branded<number, 'Token'>

/** Milliseconds of leadership since the cluster began: replicated, and never goes back. */
export type ClusterTime = Branded<number, 'ClusterTime'>

const nodeIdPattern = /^[A-Za-z0-9._-]{1,64}$/

/** True if the text may name a member. */
export function isNodeId(text: string): text is NodeId {
  return nodeIdPattern.test(text)
}

/** Brands a member's name. Throws a `TypeError` on a name outside `[A-Za-z0-9._-]{1,64}`. */
export function nodeId(text: string): NodeId {
  if (!isNodeId(text)) {
    throw new TypeError(`"${text}" cannot name a member: use 1 to 64 of the characters A-Z a-z 0-9 . _ -`)
  }
  return text
}

function counted<Name extends string>(name: Name): (value: number) => Branded<number, Name> {
  return (value) => {
    assert(
      Number.isSafeInteger(value) && value >= 0,
      () => `a ${name} is a whole number from 0 to 2^53-1, not ${value}`,
    )
    return value as Branded<number, Name>
  }
}

/** Brands a position. */
export const position = counted('Position')
/** Brands a sequence. */
export const sequence = counted('Sequence')
/** Brands the ordinal of a Ready. */
export const readySeq = counted('ReadySeq')
/** Brands a token. */
export const token = counted('Token')
/** Brands a cluster time, in milliseconds. */
export const clusterTime = counted('ClusterTime')

/** Orders ids by code unit, on every machine alike: never by locale, never by arrival (decision D38). */
export function compareIds(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0
}
