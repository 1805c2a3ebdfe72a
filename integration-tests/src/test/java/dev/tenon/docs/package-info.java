/// The pages that are generated from the code.
package dev.tenon.docs;
