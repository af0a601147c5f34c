/**
 * The global types that the public declarations need, for projects that have neither @types/node nor
 * the library that declares them: there they are declared empty, so that the package's types hold
 * with any `lib` and any `types`. Where they are declared, these merge into them and change nothing.
 *
 * Neighbours: the files with public types that name one of them import this one.
 */
declare global {
  // DOM, or @types/node.
  // eslint-disable-next-line @typescript-eslint/no-empty-object-type -- merges with the real one
  interface AbortSignal {}

  // DOM, or @types/node.
  // eslint-disable-next-line @typescript-eslint/no-empty-object-type, @typescript-eslint/no-explicit-any, @typescript-eslint/no-unused-vars -- merges with the real one
  interface WritableStream<W = any> {}

  // The library esnext.disposable (TypeScript 5.2), or @types/node.
  interface SymbolConstructor {
    readonly asyncDispose: unique symbol
  }
  interface AsyncDisposable {
    [Symbol.asyncDispose](): PromiseLike<void>
  }
}

export {}
