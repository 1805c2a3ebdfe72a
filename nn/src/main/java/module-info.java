/// Modules, losses, optimisers, schedules, models and the trainer.
module dev.tenon.nn {
    exports dev.tenon.nn.activation;
    exports dev.tenon.nn.functional;
    exports dev.tenon.nn.init;
    exports dev.tenon.nn.layer;
    exports dev.tenon.nn.loss;
    exports dev.tenon.nn.metric;
    exports dev.tenon.nn.models;
    exports dev.tenon.nn.optim;
    exports dev.tenon.nn.precision;
    exports dev.tenon.nn.recurrent;
    exports dev.tenon.nn.train;
    exports dev.tenon.nn.transformer;
    exports dev.tenon.nn;

    requires transitive dev.tenon.api;
    requires dev.tenon.autograd;
    requires transitive dev.tenon.data;
    requires static transitive org.jspecify;
}
