/** Hands out aligned ranges of a memory, once each. */
export class Arena {
  readonly #end: number;
  #next: number;

  /** @param start first byte that may be used. @param end first byte that may not. */
  constructor(start: number, end: number) {
    this.#next = start;
    this.#end = end;
  }

  /** First byte that is not handed out yet. */
  get start(): number {
    return this.#next;
  }

  /** First byte that may not be handed out. */
  get end(): number {
    return this.#end;
  }

  /** Address of `bytes` fresh bytes, 16-byte aligned with 16 bytes of slack behind. @throws RangeError when full. */
  take(bytes: number): number {
    const at = this.#next;
    this.#next = at + padded(bytes);
    if (this.#next > this.#end) throw new RangeError("kernel memory is full");
    return at;
  }

  /** What is left, as an arena of its own: what it hands out stays free here. */
  rest(): Arena {
    return new Arena(this.#next, this.#end);
  }
}

/** What {@link Arena.take} uses up for `bytes`: vector loads may read past the end of a range. */
export function padded(bytes: number): number {
  return Math.ceil(bytes / 16) * 16 + 16;
}
