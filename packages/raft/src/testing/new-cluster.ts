import { parseOptions, QuorateError, sortedMembers, type Member, type NodeId } from '@quorate/contracts'
import { raftOptionsSchema } from '../config.js'
import { checkedId, ScenarioCluster } from './cluster.js'
import { CommandError } from './scenario-error.js'

/**
 * Makes the cluster of `cluster n1 n2 n3? preVote=false n2.preVote=true seed=7`: members, `?` behind a learner's name, and
 * the options of `raft()` for all or for one. Two numbers with a comma between them are a pair.
 */
export function newCluster(words: readonly string[]): ScenarioCluster {
  const names = words.filter((word) => !word.includes('='))
  if (names.length === 0) throw new CommandError('a cluster needs members: cluster n1 n2 n3')
  const founders = sortedMembers(names.map(memberOf))
  const ids = new Set<string>(founders.map(({ id }) => id))
  if (ids.size < founders.length) throw new CommandError('a member is named twice')
  const shared: Record<string, unknown> = {}
  const own = new Map<string, Record<string, unknown>>()
  let seed = '1'
  for (const word of words.filter((each) => each.includes('='))) {
    const name = word.slice(0, word.indexOf('='))
    const value = word.slice(name.length + 1)
    const owner = name.slice(0, name.lastIndexOf('.'))
    if (name === 'seed') seed = value
    else if (ids.has(owner)) own.set(owner, { ...own.get(owner), [name.slice(owner.length + 1)]: valueOf(value) })
    else shared[name] = valueOf(value)
  }
  const optionsOf = (id: NodeId) =>
    parseOptions(raftOptionsSchema, { ...shared, ...own.get(id) }, 'options of the cluster')
  try {
    return new ScenarioCluster(founders, optionsOf, seed)
  } catch (error) {
    if (error instanceof QuorateError) throw new CommandError(error.message)
    throw error
  }
}

function memberOf(name: string): Member {
  const id = checkedId(name.replace(/\?$/, ''))
  const role = name.endsWith('?') ? 'learner' : 'voter'
  return { id, address: `${id}:1`, clientAddress: null, incarnation: null, role }
}

function valueOf(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true'
  return text.includes(',') ? text.split(',').map(Number) : Number(text)
}
