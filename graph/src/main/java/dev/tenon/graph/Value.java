package dev.tenon.graph;

import dev.tenon.api.Device;
import dev.tenon.api.Tensor;
import dev.tenon.api.op.TensorType;

/// A tensor in a graph: something given to it, or the result of one of its nodes. Values are compared by identity;
/// inputs, parameters and constants may belong to several graphs, such as one and its optimised form.
public sealed interface Value {
    /// Dtype, shape and strides. Results of nodes that are no views are contiguous.
    TensorType type();

    /// Where it lives.
    Device device();

    /// What a run is given.
    final class Input implements Value {
        private final String name;
        private final TensorType type;
        private final Device device;

        /// An input of the given name.
        public Input(String name, TensorType type, Device device) {
            this.name = name;
            this.type = type;
            this.device = device;
        }

        /// The name, unique among the inputs of its graph.
        public String name() {
            return name;
        }

        @Override
        public TensorType type() {
            return type;
        }

        @Override
        public Device device() {
            return device;
        }

        @Override
        public String toString() {
            return name;
        }
    }

    /// A tensor that the graph refers to: a run reads the values that it has then, and may change them.
    final class Parameter implements Value {
        private final String name;
        private final Tensor tensor;

        /// A parameter of the given name.
        ///
        /// @param tensor a handle that no scope closes
        public Parameter(String name, Tensor tensor) {
            this.name = name;
            this.tensor = tensor;
        }

        /// The name, unique among the parameters of its graph.
        public String name() {
            return name;
        }

        /// The tensor; it shares memory with the one that the captured function used.
        public Tensor tensor() {
            return tensor;
        }

        @Override
        public TensorType type() {
            return tensor.type();
        }

        @Override
        public Device device() {
            return tensor.device();
        }

        @Override
        public String toString() {
            return name;
        }
    }

    /// A tensor whose values never change.
    final class Constant implements Value {
        private final String name;
        private final Tensor tensor;

        /// A constant of the given name.
        ///
        /// @param tensor a handle that no scope closes
        public Constant(String name, Tensor tensor) {
            this.name = name;
            this.tensor = tensor;
        }

        /// The name, unique among the constants of its graph.
        public String name() {
            return name;
        }

        /// The values.
        public Tensor tensor() {
            return tensor;
        }

        @Override
        public TensorType type() {
            return tensor.type();
        }

        @Override
        public Device device() {
            return tensor.device();
        }

        @Override
        public String toString() {
            return name;
        }
    }

    /// What a node computes.
    final class Result implements Value {
        private final Node node;
        private final int index;
        private final TensorType type;
        private final Device device;

        Result(Node node, int index, TensorType type, Device device) {
            this.node = node;
            this.index = index;
            this.type = type;
            this.device = device;
        }

        /// The node.
        public Node node() {
            return node;
        }

        /// Which of the node's outputs this is.
        public int index() {
            return index;
        }

        @Override
        public TensorType type() {
            return type;
        }

        @Override
        public Device device() {
            return device;
        }

        @Override
        public String toString() {
            return node.outputs().size() == 1 ? "%" + node.op().name() : "%" + node.op().name() + "." + index;
        }
    }
}
