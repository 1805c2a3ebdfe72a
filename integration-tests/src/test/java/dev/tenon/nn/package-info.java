/// Tests of networks on the device that `-Dtenon.device` names.
package dev.tenon.nn;
