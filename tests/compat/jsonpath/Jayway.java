// Answers lines of "path TAB document" with what Jayway's JsonPath finds: "D json", "I json" for
// definite and indefinite paths, "none" when it throws, "bad" when the path does not compile.
import com.jayway.jsonpath.Configuration;
import com.jayway.jsonpath.JsonPath;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import net.minidev.json.JSONStyle;
import net.minidev.json.JSONValue;

public class Jayway {
    static String answer(String path, String document) {
        Configuration configuration = Configuration.defaultConfiguration();
        JsonPath compiled;
        try {
            compiled = JsonPath.compile(path);
        } catch (RuntimeException e) {
            return "bad";
        }
        try {
            Object root = configuration.jsonProvider().parse(document);
            Object found = compiled.read(root, configuration);
            JSONStyle style = new JSONStyle(JSONStyle.FLAG_PROTECT_4WEB);
            return (compiled.isDefinite() ? "D " : "I ") + JSONValue.toJSONString(found, style);
        } catch (RuntimeException e) {
            return "none";
        }
    }

    public static void main(String[] arguments) throws Exception {
        BufferedReader in =
            new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        for (String line; (line = in.readLine()) != null;) {
            int tab = line.indexOf('\t');
            out.println(answer(line.substring(0, tab), line.substring(tab + 1)));
        }
        out.flush();
    }
}
