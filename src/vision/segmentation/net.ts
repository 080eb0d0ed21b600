/**
 * Runs small convolutional nets that are stored as TensorFlow.js graph models. Every tensor is kept as pixels with interleaved
 * channels, so that a graph's changes between layouts cost nothing.
 */
import { type Constant, type Node, readNet } from "./net-file.ts";
import { NetLayers, type Tensor } from "./net-layers.ts";

/** A net, ready to run; it holds 224 MiB. */
export class Net {
  readonly #nodes: ReadonlyMap<string, Node>;
  readonly #constants: ReadonlyMap<string, Constant>;
  readonly #layers: NetLayers;

  /** @param name of a net in `nets/`. @throws Error when it cannot be read. */
  constructor(name: string) {
    const { nodes, constants } = readNet(name);
    this.#nodes = nodes;
    this.#constants = constants;
    this.#layers = new NetLayers(constants);
  }

  /** @param input the placeholder's value. @returns the named outputs. */
  run(input: Tensor, outputs: readonly string[]): Tensor[] {
    this.#layers.begin();
    const done = new Map<string, readonly Tensor[]>();
    const value = (reference: string): Tensor => {
      const [name = "", index = "0"] = reference.split(":");
      const known = done.get(name);
      if (known) return known[Number(index)]!;
      const node = this.#nodes.get(name);
      if (!node) throw new Error(`the net has no node ${name}`);
      const made = this.#evaluate(node, value, input);
      done.set(name, made);
      return made[Number(index)]!;
    };
    return outputs.map(value);
  }

  #evaluate(node: Node, value: (reference: string) => Tensor, input: Tensor): readonly Tensor[] {
    const inputs = node.input ?? [];
    const tensor = (index: number): Tensor => value(inputs[index]!);
    const constant = (index: number): Constant => this.#constants.get(inputs[index]!)!;
    switch (node.op) {
      case "Placeholder":
        return [this.#layers.copy(input)];
      case "Identity":
      case "Transpose":
      case "Reshape":
        return [tensor(0)];
      case "Conv2D":
        return [this.#layers.convolve(node, tensor(0))];
      case "DepthwiseConv2dNative":
        return [this.#layers.depthwise(node, tensor(0))];
      case "Conv2DBackpropInput":
        return [this.#layers.enlarge(inputs[1]!, tensor(2))];
      case "Add":
      case "AddV2":
      case "AddN":
        return [this.#layers.combine(inputs, value, false)];
      case "Mul":
        return [this.#layers.combine(inputs, value, true)];
      case "Relu":
        return [this.#layers.rectify(tensor(0), 0, Number.POSITIVE_INFINITY)];
      case "Relu6":
        return [this.#layers.rectify(tensor(0), 0, 6)];
      case "LeakyRelu":
        return [this.#layers.rectify(tensor(0), node.attr?.alpha?.f ?? 0.2, Number.POSITIVE_INFINITY)];
      case "Sigmoid":
        return [this.#layers.sigmoid(tensor(0))];
      case "AvgPool":
        return [this.#layers.average(tensor(0))];
      case "MaxPool":
        return [this.#layers.largest(tensor(0))];
      case "Pad":
        return [this.#layers.pad(tensor(0), 1, 1, 1, 1, 0)];
      case "PadV2":
        return [this.#layers.pad(tensor(0), 1, 1, 1, 1, constant(2).values[0]!)];
      case "ConcatV2":
        return [this.#layers.join(inputs.slice(0, -1).map(value))];
      case "SplitV":
        return this.#layers.split(tensor(0), [...constant(1).values]);
      case "ResizeBilinear":
        return [this.#layers.resize(tensor(0), constant(1).values[0]!, constant(1).values[1]!)];
      default:
        throw new Error(`nets with ${node.op} cannot be run`);
    }
  }
}
