import { compareIds } from '@quorate/contracts'
import { everythingRemains, type Fate } from './fate.js'
import { FileError } from './file-error.js'
import { FileNode } from './file-node.js'

/** What a name in a directory stands for. */
export type TreeNode = FileNode | DirectoryNode

/** Which of the two: what everybody sees, or what is on the disk. */
export type View = 'visible' | 'durable'

/** Names, as they are seen and as they are on the disk. */
export class DirectoryNode {
  visible = new Map<string, TreeNode>()
  readonly durable = new Map<string, TreeNode>()
}

/** A name that stands for something else, or for nothing any more. */
export interface NameChange {
  readonly directory: DirectoryNode
  readonly name: string
  readonly node: TreeNode | null
}

/** A name and the directory it is in. */
export interface Place {
  readonly directory: DirectoryNode
  readonly name: string
}

/** The names in a path. */
export function namesIn(path: string): string[] {
  const names: string[] = []
  for (const part of path.split('/')) {
    if (part === '..') names.pop()
    else if (part !== '' && part !== '.') names.push(part)
  }
  return names
}

/** All directories. A change of names is seen at once, and on the disk once its directory was synced. */
export class Tree {
  readonly root = new DirectoryNode()
  #unsynced: { readonly mark: number; readonly changes: readonly NameChange[] }[] = []
  #mark = 0

  /** Ordinal of the last change: what a sync that begins now will cover. */
  get mark(): number {
    return this.#mark
  }

  find(path: string, view: View = 'visible'): TreeNode | undefined {
    let node: TreeNode | undefined = this.root
    for (const name of namesIn(path)) {
      if (!(node instanceof DirectoryNode)) return undefined
      node = node[view].get(name)
    }
    return node
  }

  file(path: string, operation: string): FileNode {
    const node = this.find(path)
    if (node instanceof FileNode) return node
    if (node) throw new FileError('EISDIR', operation, path, 'it is a directory')
    throw new FileError('ENOENT', operation, path, 'no such file or directory')
  }

  directory(path: string, operation: string): DirectoryNode {
    const node = this.find(path)
    if (node instanceof DirectoryNode) return node
    if (node) throw new FileError('ENOTDIR', operation, path, 'it is not a directory')
    throw new FileError('ENOENT', operation, path, 'no such file or directory')
  }

  /** Where a name is, or would be: its directory has to be there. */
  placeOf(path: string, operation: string, view: View = 'visible'): Place {
    const names = namesIn(path)
    const name = names.pop()
    if (name === undefined) throw new FileError('EISDIR', operation, path, 'it is the root')
    const directory = this.find(names.join('/'), view)
    if (directory instanceof DirectoryNode) return { directory, name }
    throw new FileError('ENOENT', operation, path, 'no such directory')
  }

  /** One operation: seen at once and whole. */
  change(changes: readonly NameChange[]): void {
    for (const change of changes) set(change, 'visible')
    this.#mark += 1
    this.#unsynced.push({ mark: this.#mark, changes })
  }

  hasUnsynced(place: Place): boolean {
    return this.#unsynced.some(({ changes }) => changes.some((change) => isAt(change, place)))
  }

  /** Ends the changes of a directory, or of one name in it: what fate leaves of them is on the disk, for good. */
  settle(place: Place | DirectoryNode, upTo: number, fate: Fate): void {
    const concerns = (change: NameChange): boolean =>
      place instanceof DirectoryNode ? change.directory === place : isAt(change, place)
    this.#unsynced = this.#unsynced.flatMap((operation) => {
      if (operation.mark > upTo) return [operation]
      for (const change of fate.remainsOfNames(operation.changes.filter(concerns))) set(change, 'durable')
      const changes = operation.changes.filter((change) => !concerns(change))
      return changes.length > 0 ? [{ ...operation, changes }] : []
    })
  }

  /** What is on the disk is what everybody sees from now on. */
  loseUnsynced(fate: Fate): void {
    for (const { changes } of this.#unsynced) {
      for (const change of fate.remainsOfNames(changes)) set(change, 'durable')
    }
    this.#unsynced = []
    for (const node of this.#nodes('durable').keys()) {
      if (node instanceof DirectoryNode) node.visible = new Map(node.durable)
      else node.loseUnsynced(fate)
    }
  }

  /** Files with their paths, sorted by path. One file may have two names. */
  files(view: View): [path: string, file: FileNode][] {
    const found: [string, FileNode][] = []
    for (const [node, paths] of this.#nodes(view)) {
      if (node instanceof FileNode) for (const path of paths) found.push([path, node])
    }
    return found.sort(([left], [right]) => compareIds(left, right))
  }

  /** Puts a file, or nothing, under a name: on the disk and before everybody. */
  replace(change: NameChange): void {
    this.change([change])
    this.settle(change, this.#mark, everythingRemains)
  }

  #nodes(view: View): Map<TreeNode, string[]> {
    const paths = new Map<TreeNode, string[]>([[this.root, ['']]])
    for (const [node, [path]] of paths) {
      if (!(node instanceof DirectoryNode)) continue
      for (const [name, child] of node[view]) {
        paths.set(child, [...(paths.get(child) ?? []), `${path}/${name}`])
      }
    }
    return paths
  }
}

function isAt(change: NameChange, { directory, name }: Place): boolean {
  return change.directory === directory && change.name === name
}

function set({ directory, name, node }: NameChange, view: View): void {
  if (node === null) directory[view].delete(name)
  else directory[view].set(name, node)
}
