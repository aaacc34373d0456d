package herald;

import java.io.File;
import java.util.Collection;
import java.util.TreeSet;
import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.Foundries;
import org.verapdf.pdfa.flavours.PDFAFlavour;
import org.verapdf.pdfa.results.TestAssertion;

/** Has veraPDF judge files by PDF/UA-1 (ISO 14289-1), as far as a machine can: one line a file. */
public final class PdfChecks {
  private PdfChecks() {}

  public static void main(String[] files) throws Exception {
    VeraGreenfieldFoundryProvider.initialise();
    for (String file : files) {
      var foundry = Foundries.defaultInstance();
      try (var parser = foundry.createParser(new File(file), PDFAFlavour.PDFUA_1);
          var validator = foundry.createValidator(PDFAFlavour.PDFUA_1, false)) {
        var result = validator.validate(parser);
        String name = new File(file).getName();
        if (result.isCompliant() && result.getTotalAssertions() > 0) {
          System.out.println("ok      " + name + ": " + result.getTotalAssertions() + " checks");
        } else {
          System.out.println("FAILED  " + name + ": " + String.join(" | ", failures(result.getTestAssertions())));
        }
      }
    }
  }

  private static Collection<String> failures(Collection<TestAssertion> assertions) {
    Collection<String> found = new TreeSet<>();
    for (TestAssertion one : assertions) {
      if (one.getStatus() == TestAssertion.Status.FAILED) {
        found.add(one.getRuleId().getClause() + "-" + one.getRuleId().getTestNumber() + " " + one.getMessage());
      }
    }
    return found;
  }
}
