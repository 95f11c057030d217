import type { SnapshotMeta } from '@quorate/contracts'
import type { Entry } from '../entry.js'
import type { RaftMessage } from '../message.js'
import type { RaftRecord } from '../record.js'
import { CommandError } from './scenario-error.js'

const shownEntriesMax = 8
const shownTextMax = 24

/** A command as bytes. Scenarios speak ASCII. Throws a {@link CommandError} for anything else. */
export function bytesOfText(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => {
    const unit = letter.charCodeAt(0)
    if (letter.length > 1 || unit > 0x7f) throw new CommandError(`"${text}" is not ASCII`)
    return unit
  })
}

/** The command that {@link bytesOfText} made bytes of. */
export function textOfBytes(bytes: Uint8Array): string {
  let text = ''
  for (const unit of bytes) text += String.fromCharCode(unit)
  return text
}

/** A command in quotes, or its beginning and length. */
export function quote(text: string): string {
  return text.length <= shownTextMax ? `"${text}"` : `"${text.slice(0, shownTextMax)}…" (${text.length} B)`
}

/** What an entry holds. */
export function contentOf(entry: Entry): string {
  return entry.kind === 'command' ? textOfBytes(entry.data) : entry.kind
}

/** `2@1 "x=1"`: index, term, content. */
export function describeEntry(entry: Entry): string {
  const content = entry.kind === 'command' ? quote(textOfBytes(entry.data)) : entry.kind
  return `${entry.index}@${entry.term} ${content}`
}

/** Entries in a row; many are shown by the first and the last. */
export function describeEntries(entries: readonly Entry[]): string {
  const first = entries[0]
  const last = entries.at(-1)
  if (!first || !last || entries.length <= shownEntriesMax) return entries.map(describeEntry).join(', ')
  return `${describeEntry(first)} … ${describeEntry(last)}: ${entries.length} entries`
}

/** `10@2`: what a snapshot stands for. */
export function describeMeta(meta: SnapshotMeta): string {
  return `${meta.position}@${meta.epoch}`
}

/** A message in one line: its kind, and what matters of it. */
export function describeMessage(message: RaftMessage): string {
  const head = `${message.kind} t=${message.term}`
  switch (message.kind) {
    case 'appendEntries': {
      const { prevLogIndex, prevLogTerm, entries, leaderCommit } = message
      return `${head} prev=${prevLogIndex}@${prevLogTerm} [${describeEntries(entries)}] commit=${leaderCommit}`
    }
    case 'appendEntriesReply':
      return message.success
        ? `${head} match=${message.matchIndex}`
        : `${head} refused prev=${message.prevLogIndex} hint=${message.hintIndex}@${message.hintTerm}`
    case 'heartbeat':
      return `${head} commit=${message.leaderCommit} round=${message.round}`
    case 'installSnapshot':
      return `${head} snapshot=${describeMeta(message.meta)}`
    case 'installSnapshotReply':
      return `${head} snapshot=${message.position} ${message.success ? `match=${message.matchIndex}` : 'refused'}`
    case 'requestPreVote':
      return `${head} last=${message.lastLogIndex}@${message.lastLogTerm}`
    case 'requestVote': {
      const last = `${message.lastLogIndex}@${message.lastLogTerm}`
      return `${head} last=${last}${message.isTransfer ? ' in place of its leader' : ''}`
    }
    case 'requestPreVoteReply':
    case 'requestVoteReply':
      return `${head} ${message.voteGranted ? 'granted' : 'refused'}`
    default:
      return `${head}${describeFields(message, ['kind', 'term'])}`
  }
}

/** A record in a few words. */
export function describeRecord(record: RaftRecord): string {
  switch (record.kind) {
    case 'hardState': {
      const { currentTerm, votedFor } = record.hardState
      return votedFor === null ? `term=${currentTerm}` : `term=${currentTerm} vote=${votedFor}`
    }
    case 'entries':
      return describeEntries(record.entries)
    case 'bootstrap':
      return `founders ${record.members.map(({ id }) => id).join(' ')}`
    case 'reset':
      return `log restarts behind ${record.base.index}@${record.base.term}`
  }
}

function describeFields(fields: object, except: readonly string[]): string {
  return Object.entries(fields)
    .filter(([name]) => !except.includes(name))
    .map(([name, value]) => ` ${name}=${describeValue(value)}`)
    .join('')
}

function describeValue(value: unknown): string {
  if (value instanceof Uint8Array) return `${value.length} B`
  if (isMeta(value)) return describeMeta(value)
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function isMeta(value: unknown): value is SnapshotMeta {
  return typeof value === 'object' && value !== null && 'position' in value && 'epoch' in value
}
