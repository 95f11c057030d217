import type { KnownBug } from '../known-bug.js'

/** The driver's orders (PORTS 7), sessions, forwarding and outcomes. */
export const bugsOfDriver: readonly KnownBug[] = [
  {
    bug: 'lane two leaves before the records are durable',
    profile: 'power',
    file: 'replica/src/writer.ts',
    replace: `        if (batch) await this.#append(batch)
        for (const ready of readys) this.#effects.send(ready.messagesAfterPersist)`,
    by: `        for (const ready of readys) this.#effects.send(ready.messagesAfterPersist)
        if (batch) await this.#append(batch)`,
  },
  {
    bug: 'lane two without records of its own does not wait',
    profile: 'power',
    file: 'replica/src/writer.ts',
    replace: `    if (this.#hasFailed) return
    this.#waiting.push(ready)`,
    by: `    if (this.#hasFailed) return
    if (ready.records.length === 0) return this.#effects.send(ready.messagesAfterPersist)
    this.#waiting.push(ready)`,
  },
  {
    bug: 'records are said to be durable before they are',
    profile: 'power',
    file: 'replica/src/writer.ts',
    replace: `        if (batch) await this.#append(batch)
`,
    by: `        if (batch) this.#effects.onPersisted((batch.firstSequence + batch.records.length - 1) as Sequence)
        if (batch) await this.#append(batch)
`,
  },
  {
    bug: 'commands are applied before they are durable here',
    profile: 'power',
    file: 'raft/src/delivery.ts',
    replace: `Math.min(state.commitIndex, state.log.persistedIndex)`,
    by: `state.commitIndex`,
  },
  {
    bug: 'an error of the journal does not stop the replica',
    profile: 'mixture',
    file: 'replica/src/writer.ts',
    replace: `    } catch (error) {
      this.#hasFailed = true
      this.#waiting = []
      this.#effects.fail(error)
    } finally {`,
    by: `    } catch {
      this.#waiting = []
    } finally {`,
  },
  {
    bug: 'a command that comes again is applied again',
    profile: 'churn',
    file: 'replica/src/sessions/session-table.ts',
    replace: `const kept = session.results.get(sequence)`,
    by: `const kept = session.results.get(-1)`,
  },
  {
    bug: 'the table of sessions is left out of the snapshot',
    profile: 'images',
    file: 'replica/src/state-image.ts',
    replace: `  writeSessions(head, sessions)
`,
    by: `  head.u32(0 * sessions.size)
`,
  },
  {
    bug: 'a command below the lowest unacknowledged one is applied',
    profile: 'lag',
    file: 'replica/src/sessions/session-table.ts',
    replace: `    if (!kept && sequence < session.lowestUnacknowledged) return { kind: 'refused', why: 'expired' }
`,
    by: '',
  },
  {
    bug: 'sessions expire by each member’s own clock',
    profile: 'mixture',
    file: 'replica/src/replicated-state.ts',
    replace: `    this.sessions.expire(stamps.clusterTime)`,
    by: `    this.sessions.expire(Math.max(stamps.clusterTime, this.clock.now()) as never)`,
  },
  {
    bug: 'cluster time is taken from the wall clock',
    profile: 'mixture',
    file: 'replica/src/cluster-clock.ts',
    replace: `return { clusterTime: this.now(), wallMs`,
    by: `return { clusterTime: clusterTime(Math.max(0, Math.trunc(this.#environment.wallMs()))), wallMs`,
  },
  {
    bug: 'a command that may have happened is reported as not done',
    profile: 'churn',
    file: 'replica/src/requests.ts',
    replace: `    const isUndecided = request.undecided.size > 0 || request.isInDoubt
`,
    by: `    const isUndecided = request.undecided.size < 0
`,
  },
  {
    bug: 'the answers of sessions are left out of the snapshot',
    profile: 'images',
    file: 'replica/src/sessions/session-codec.ts',
    replace: `    writer.u32(session.results.size)
    for (const [sequence, { digest, result, refused }] of [...session.results].sort(`,
    by: `    writer.u32(0 * session.results.size)
    for (const [sequence, { digest, result, refused }] of [...session.results].slice(0, 0).sort(`,
  },
  {
    bug: 'cluster time is left out of the snapshot',
    profile: 'images',
    file: 'replica/src/replicated-state.ts',
    replace: `    this.clock.restore(stamps)`,
    by: `    void stamps`,
  },
  {
    bug: 'a session ends that is in use',
    profile: 'any',
    file: 'replica/src/sessions/session-table.ts',
    replace: `      if (session.lastActive + session.timeoutMs <= now)`,
    by: `      if (session.lastActive + session.timeoutMs / 100 <= now)`,
  },
]
