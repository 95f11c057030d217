import type { ForgetfulFiles } from '@quorate/conformance'
import type { FileLayer } from '@quorate/contracts'
import { bytesOf, live, saveImage, type Life } from '../places.js'
import { emptyAccount, objectionTo, settled, type Account } from './account.js'

/** Whoever uses a place, and keeps account of what it was promised. */
export class Member {
  #account: Account
  readonly #life: Life

  private constructor(life: Life, account: Account) {
    this.#life = life
    this.#account = account
  }

  /** Opens the place. Throws if what is found there contradicts the account; from then on it is the truth. */
  static async open(files: FileLayer | ForgetfulFiles, account: Account = emptyAccount): Promise<Member> {
    const life = await live(files)
    const objection = objectionTo(life, account)
    if (objection !== null) throw new Error(objection)
    return new Member(life, settled(life, account))
  }

  get account(): Account {
    return this.#account
  }

  async append(...texts: string[]): Promise<void> {
    this.#note({ written: [...this.#account.written, ...texts] })
    const upTo = this.#account.written.length
    await this.#life.append(...texts)
    this.#note({ acknowledged: Math.max(this.#account.acknowledged, upTo) })
  }

  /** Commits an image at a position, and nothing else. */
  async snapshot(at: number): Promise<void> {
    await saveImage(this.#life.storage, at, `image ${at} ${'.'.repeat(at * 10)}`)
  }

  /** Appends a record that releases everything before record `from`, on the image at a position. */
  async release(from: number, at: number, text: string): Promise<void> {
    const pendingRelease = { from, at }
    this.#note({ written: [...this.#account.written, text], pendingRelease })
    const upTo = this.#account.written.length
    await this.#life.release(from, at, text)
    this.#note({ acknowledged: upTo, release: pendingRelease, pendingRelease: null })
  }

  async saveIdentity(text: string): Promise<void> {
    this.#note({ pendingIdentity: text })
    await this.#life.storage.saveIdentity(bytesOf(text))
    this.#note({ identity: text, pendingIdentity: null })
  }

  close(): Promise<void> {
    return this.#life.storage.close()
  }

  #note(news: Partial<Account>): void {
    this.#account = { ...this.#account, ...news }
  }
}
