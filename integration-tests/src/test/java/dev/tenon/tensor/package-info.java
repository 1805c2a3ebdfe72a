/// Tests of the operators of tensors on the device that `-Dtenon.device` names.
package dev.tenon.tensor;
