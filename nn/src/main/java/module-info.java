/// Modules, losses, optimisers, schedules, models and the trainer.
module dev.tenon.nn {
    requires transitive dev.tenon.api;
    requires dev.tenon.autograd;
    requires transitive dev.tenon.data;
    requires static org.jspecify;
}
