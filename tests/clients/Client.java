// What a Java service does with the client of its standard library: java Client.java URL
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.io.ByteArrayInputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

public class Client {
    static void expect(boolean holds, String what) {
        if (!holds) { System.err.println(what); System.exit(1); }
    }

    public static void main(String[] arguments) throws Exception {
        String url = arguments[0];
        // As it is: it offers h2c with every request in the clear.
        HttpClient client = HttpClient.newHttpClient();
        HttpResponse<String> got = client.send(HttpRequest.newBuilder(URI.create(url + "/open/get")).build(), BodyHandlers.ofString());
        expect(got.statusCode() == 200, "GET " + got.statusCode());
        got = client.send(HttpRequest.newBuilder(URI.create(url + "/open/post")).POST(BodyPublishers.ofString("hello")).build(), BodyHandlers.ofString());
        expect(got.statusCode() == 200 && got.body().contains("\"length\": 5"), "POST " + got.statusCode() + got.body());
        byte[] much = new byte[500_000];
        got = client.send(HttpRequest.newBuilder(URI.create(url + "/open/chunks")).POST(BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(much))).build(), BodyHandlers.ofString());
        expect(got.statusCode() == 200 && got.body().contains("\"length\": 500000"), "chunks " + got.statusCode());
        List<CompletableFuture<HttpResponse<String>>> all = new ArrayList<>();
        for (int i = 0; i < 20; i++) all.add(client.sendAsync(HttpRequest.newBuilder(URI.create(url + "/open/" + i)).build(), BodyHandlers.ofString()));
        for (var one : all) expect(one.get().statusCode() == 200, "together " + one.get().statusCode());
        System.out.println("ok");
    }
}
